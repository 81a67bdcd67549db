using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Serialization;

namespace Sluice.Cluster.Wire;

/// <summary>First word of either side: who it is and a nonce.</summary>
/// <param name="Version">Of the protocol; both sides must speak the same.</param>
/// <param name="Node">Who speaks.</param>
/// <param name="Nonce">32 random bytes.</param>
internal sealed record Hello(int Version, NodeInfo Node, byte[] Nonce);

/// <summary>Second word: the proof, or why there is none.</summary>
internal sealed record Proof(byte[]? Mac, string? Refused);

/// <summary>
/// Mutual proof that both sides know the cluster's secret, which itself never travels. The dialling side proves first, so that a stranger who
/// dials learns nothing that he could try passwords against. Each proof covers both hellos to the byte and names its direction, so that it
/// cannot be replayed or sent back.
/// </summary>
internal static class Handshake
{
    public const int Version = 1;
    public const int MaxBytes = 16 * 1024;
    public const string SecretDoesNotMatch = "cluster secret does not match";
    public const string IsThisNode = "it is this node itself";

    public static Hello Greet(NodeInfo self) => new(Version, self, RandomNumberGenerator.GetBytes(32));

    /// <param name="fromDialler">Whose proof it is.</param>
    /// <param name="diallerHello">The bytes as they travelled.</param>
    public static byte[] Prove(string secret, bool fromDialler, ReadOnlySpan<byte> diallerHello, ReadOnlySpan<byte> listenerHello)
    {
        using var mac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(secret));
        mac.AppendData(fromDialler ? "sluice-cluster-1 dialler"u8 : "sluice-cluster-1 listener"u8);
        mac.AppendData(SHA256.HashData(diallerHello));
        mac.AppendData(SHA256.HashData(listenerHello));
        return mac.GetHashAndReset();
    }

    public static bool Matches(byte[]? proof, byte[] expected) => proof is not null && CryptographicOperations.FixedTimeEquals(proof, expected);

    /// <summary>Null when the greeting can be answered.</summary>
    public static string? Objection(Hello hello, NodeInfo self) => hello switch
    {
        { Version: not Version } => $"it speaks version {hello.Version} of the cluster protocol and this node version {Version}",
        { Nonce.Length: not 32 } => "its nonce has not 32 bytes",
        { Node.Id: null or "" } => "it has no node id",
        _ when hello.Node.Id == self.Id => IsThisNode,
        _ => null,
    };
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Hello))]
[JsonSerializable(typeof(Proof))]
internal sealed partial class HandshakeJson : JsonSerializerContext;
