using System.Security.Cryptography;
using System.Text;

namespace Sluice.Cluster.Wire;

/// <summary>The bearer token of the seeds' API, which whoever knows the cluster's secret can compute.</summary>
public static class ApiToken
{
    /// <returns>64 lower-case hexadecimal digits.</returns>
    public static string FromSecret(string clusterSecret)
    {
        ArgumentException.ThrowIfNullOrEmpty(clusterSecret);
        return Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(clusterSecret), "sluice-api"u8));
    }

    /// <summary>Compares in constant time.</summary>
    public static bool Matches(string presented, string clusterSecret) =>
        CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(presented), Encoding.UTF8.GetBytes(FromSecret(clusterSecret)));
}
