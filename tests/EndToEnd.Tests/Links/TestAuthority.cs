using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Sluice.EndToEnd.Tests.Links;

/// <summary>An authority and what it signs, as PEM files.</summary>
internal sealed class TestAuthority : IDisposable
{
    private readonly string _folder;
    private readonly RSA _key = RSA.Create(2048);

    public TestAuthority(string folder, string name)
    {
        _folder = folder;
        var request = new CertificateRequest($"CN={name}", _key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        Certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-2), DateTimeOffset.UtcNow.AddDays(2));
        File = Write($"{name}.ca.pem", Certificate.ExportCertificatePem());
    }

    public X509Certificate2 Certificate { get; }

    public string File { get; }

    /// <summary>Signs a certificate for 127.0.0.1.</summary>
    /// <returns>The files of the certificate and of its key.</returns>
    public (string Certificate, string Key) Sign(string name, TimeSpan from, TimeSpan until)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        var now = DateTimeOffset.UtcNow;
        using var signed = request.Create(
            Certificate.SubjectName, X509SignatureGenerator.CreateForRSA(_key, RSASignaturePadding.Pkcs1), now + from, now + until, RandomNumberGenerator.GetBytes(8));
        return (Write($"{name}.pem", signed.ExportCertificatePem()), Write($"{name}.key.pem", key.ExportPkcs8PrivateKeyPem()));
    }

    public void Dispose()
    {
        Certificate.Dispose();
        _key.Dispose();
    }

    private string Write(string name, string pem)
    {
        var path = Path.Combine(_folder, name);
        System.IO.File.WriteAllText(path, pem);
        return path;
    }
}
