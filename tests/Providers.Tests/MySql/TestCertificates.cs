using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Sluice.Providers.Tests.MySql;

/// <summary>A certificate for 127.0.0.1, the authority that signed it, and one that did not, as PEM files.</summary>
internal sealed class TestCertificates : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sluice-tls-").FullName;

    public string Authority => Path.Combine(_folder, "ca.pem");

    public string OtherAuthority => Path.Combine(_folder, "other-ca.pem");

    public string ServerCertificate => Path.Combine(_folder, "server.pem");

    public string ServerKey => Path.Combine(_folder, "server-key.pem");

    public static TestCertificates Create()
    {
        var files = new TestCertificates();
        using var authority = SelfSigned("Sluice test authority");
        using var other = SelfSigned("Somebody else");
        File.WriteAllText(files.Authority, authority.ExportCertificatePem());
        File.WriteAllText(files.OtherAuthority, other.ExportCertificatePem());

        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.Create(authority, authority.NotBefore, authority.NotAfter, [1, 2, 3, 4]);
        File.WriteAllText(files.ServerCertificate, certificate.ExportCertificatePem());
        File.WriteAllText(files.ServerKey, key.ExportPkcs8PrivateKeyPem());
        return files;
    }

    public void Dispose() => TemporaryFolder.Delete(_folder);

    private static X509Certificate2 SelfSigned(string name)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }
}
