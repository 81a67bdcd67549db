using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Sluice.Cluster.Transport;

namespace Sluice.Cluster.Configuration;

/// <summary>Reads and checks the certificates of a node before it starts.</summary>
public static class TlsSettings
{
    public static Setting Authority { get; } = new("tls_ca", "PEM file: who must have signed the certificates of other nodes; turns TLS on");

    internal static readonly Setting[] Own =
    [
        new("tls_certificate", "PEM file: this node's certificate, its chain behind it; turns TLS on"),
        new("tls_key", "PEM file: the certificate's private key, without a passphrase"),
    ];

    /// <summary>Reads what the settings name.</summary>
    /// <param name="values">Settings of a role.</param>
    /// <param name="listens">True for a node that others dial: it needs a certificate.</param>
    /// <param name="now">For validity, UTC.</param>
    /// <returns>Null when links are not to be encrypted.</returns>
    /// <exception cref="SettingException">A file is missing or no PEM, a key does not fit, a certificate is not valid now.</exception>
    public static LinkTls? Read(SettingValues values, bool listens, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(values);
        var authorities = values.Find("tls_ca") is null ? null : Certificates(values, "tls_ca", now);
        if (!listens)
            return authorities is null ? null : new LinkTls { Authorities = authorities };

        var (certificate, key) = (values.Find("tls_certificate"), values.Find("tls_key"));
        if (certificate is null && key is null && authorities is null)
            return null;
        if (certificate is null)
            throw new SettingException($"--tls-certificate is not set, but {(key is null ? "--tls-ca" : "--tls-key")} is: a node that others dial needs all three of --tls-certificate, --tls-key and --tls-ca.");
        if (key is null)
            throw new SettingException("--tls-key is not set, but --tls-certificate is: name the file with its private key.");
        var shown = Certificates(values, "tls_certificate", now);
        return new LinkTls { Certificate = WithKey(values, shown[0]), Chain = [.. shown.Skip(1)], Authorities = authorities };
    }

    /// <summary>Reads a file of authorities.</summary>
    /// <exception cref="SettingException">It is missing, no PEM, or not valid now.</exception>
    public static X509Certificate2Collection Certificates(SettingValues values, string name, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(values);
        var found = new X509Certificate2Collection();
        try
        {
            found.ImportFromPem(Text(values, name));
        }
        catch (CryptographicException e)
        {
            throw values.Nonsense(name, $"a file of certificates in PEM ({e.Message.TrimEnd('.')})");
        }

        if (found.Count == 0)
            throw values.Nonsense(name, "a file of certificates in PEM; it holds none");
        if (found.FirstOrDefault(certificate => now < certificate.NotBefore || now > certificate.NotAfter) is { } dead)
        {
            var (word, at) = now > dead.NotAfter ? ("expired on", dead.NotAfter) : ("is not valid before", dead.NotBefore);
            throw values.Nonsense(name, string.Create(CultureInfo.InvariantCulture, $"valid now; the certificate of {dead.Subject} {word} {at.ToUniversalTime():yyyy-MM-dd HH:mm:ss} UTC"));
        }

        return found;
    }

    private static X509Certificate2 WithKey(SettingValues values, X509Certificate2 certificate)
    {
        var text = Text(values, "tls_key");
        if (text.Contains("ENCRYPTED", StringComparison.Ordinal))
            throw values.Nonsense("tls_key", "a private key without a passphrase; protect the file by its owner and mode");
        if (!text.Contains("PRIVATE KEY-----", StringComparison.Ordinal))
            throw values.Nonsense("tls_key", "a file with a private key in PEM; it holds none");
        try
        {
            return X509Certificate2.CreateFromPem(certificate.ExportCertificatePem(), text);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw values.Nonsense("tls_key", $"the key of the certificate in --tls-certificate ({values.Find("tls_certificate")}); it does not fit");
        }
    }

    private static string Text(SettingValues values, string name)
    {
        try
        {
            return File.ReadAllText(values.Get(name));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw values.Nonsense(name, $"a file that can be read ({e.Message.TrimEnd('.')})");
        }
    }
}
