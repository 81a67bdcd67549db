using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Sluice.Cluster.Transport;

/// <summary>How a node encrypts its links: what it shows of itself, and whom it believes. See docs/concepts/cluster.md.</summary>
public sealed record LinkTls
{
    /// <summary>What this node shows when it is dialled, with its private key; null for a node that only dials.</summary>
    public X509Certificate2? Certificate { get; init; }

    /// <summary>Certificates between <see cref="Certificate"/> and its authority, which are shown too.</summary>
    public X509Certificate2Collection Chain { get; init; } = [];

    /// <summary>Who must have signed the certificates of others. Null: whom the machine trusts.</summary>
    public X509Certificate2Collection? Authorities { get; init; }

    /// <summary>Looks at the certificate that another node showed.</summary>
    /// <param name="host">The host that was dialled.</param>
    /// <returns>Null when it is believed, else why not, for people.</returns>
    public string? Objection(string host, X509Certificate? shown, X509Chain? sent, SslPolicyErrors errors)
    {
        if (shown is null)
            return "it showed no certificate";
        using var certificate = new X509Certificate2(shown);
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
            return $"its certificate ({certificate.Subject}) is not for '{host}'; name that host among the certificate's alternative names, or dial it by a name that is there";
        if (Authorities is null)
            return errors == SslPolicyErrors.None ? null : $"its certificate ({certificate.Subject}) is not signed by anyone whom this machine trusts; give the authority by --tls-ca";

        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(Authorities);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        foreach (var element in sent?.ChainElements.Skip(1) ?? [])
            chain.ChainPolicy.ExtraStore.Add(element.Certificate);
        if (chain.Build(certificate))
            return null;
        return chain.ChainStatus.Any(status => status.Status == X509ChainStatusFlags.NotTimeValid)
            ? $"its certificate ({certificate.Subject}) is not valid now: it was made for {certificate.NotBefore.ToUniversalTime():u} to {certificate.NotAfter.ToUniversalTime():u}"
            : $"its certificate ({certificate.Subject}, issued by {certificate.Issuer}) is not signed by the authority of --tls-ca ({string.Join("; ", Authorities.Select(authority => authority.Subject))})";
    }
}
