using Sluice.EndToEnd.Tests.Failures;
using Sluice.EndToEnd.Tests.Nodes;

namespace Sluice.EndToEnd.Tests.Links;

/// <summary>A cluster whose links are encrypted.</summary>
public sealed class TlsTests : IDisposable
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    private readonly string _folder = Directory.CreateTempSubdirectory("sluice-e2e-tls-").FullName;
    private readonly TestAuthority _ours;
    private readonly TestAuthority _other;

    public TlsTests() => (_ours, _other) = (new(_folder, "ours"), new(_folder, "other"));

    public void Dispose()
    {
        _ours.Dispose();
        _other.Dispose();
        TemporaryFolder.Delete(_folder);
    }

    [Fact]
    public async Task A_cluster_works_over_tls_and_who_trusts_another_authority_is_refused_on_both_sides()
    {
        var (certificate, key) = _ours.Sign("node", -Day, Day);
        await using var cluster = await TestCluster.CreateSpecialAsync(new TestClusterOptions
        {
            OfThoseWhoListen = ["--tls-certificate", certificate, "--tls-key", key, "--tls-ca", _ours.File],
            OfThoseWhoDial = ["--tls-ca", _ours.File],
            Authority = _ours.Certificate,
        });
        var seed = await cluster.StartSeedAsync();
        await cluster.StartSchedulerAsync("scheduler");
        await cluster.StartWorkerAsync("worker");
        await cluster.ReadyAsync();
        var marks = new Marks(cluster.Folder, "encrypted");
        await cluster.AddDagAsync(marks.Dag, marks.Text);
        marks.Go();
        await cluster.Api.TriggerAsync(marks.Dag);
        await cluster.Api.SucceededAsync(marks.Dag);
        Assert.DoesNotContain("refused", cluster.Logs, StringComparison.Ordinal);

        await using var stranger = await StartWorkerAsync("stranger", cluster, "--tls-ca", _other.File);
        await Until.TrueAsync(() => stranger.Log.Contains("refused", StringComparison.Ordinal), "the stranger says why", () => stranger.Log + cluster.Logs);
        Assert.Contains(
            $"Link to {cluster.SeedAddress} refused: its certificate (CN=node, issued by CN=ours) is not signed by the authority of --tls-ca (CN=other)", stranger.Log, StringComparison.Ordinal);
        await Until.TrueAsync(() => seed.Log.Contains("did not complete TLS. Perhaps it does not trust this node's certificate", StringComparison.Ordinal), "the seed says so, too", () => seed.Log);

        await using var plain = await StartWorkerAsync("plain", cluster);
        await Until.TrueAsync(() => plain.Log.Contains("give this node --tls-ca", StringComparison.Ordinal), "who does not encrypt is told what to do", () => plain.Log);
        Assert.Equal(3, (await cluster.Api.NodesAsync()).Nodes.Count);
    }

    [Theory]
    [InlineData("--tls-certificate FOLDER/none.pem --tls-key KEY", "--tls-certificate is 'FOLDER/none.pem'", "can be read")]
    [InlineData("--tls-certificate CERT --tls-key FOLDER/none.pem", "--tls-key is 'FOLDER/none.pem'", "can be read")]
    [InlineData("--tls-certificate CERT --tls-key OTHERKEY", "--tls-key is 'OTHERKEY'", "it does not fit")]
    [InlineData("--tls-certificate CERT --tls-key CERT", "--tls-key is 'CERT'", "it holds none")]
    [InlineData("--tls-certificate KEY --tls-key KEY", "--tls-certificate is 'KEY'", "certificates in PEM")]
    [InlineData("--tls-certificate OLD --tls-key OLDKEY", "--tls-certificate is 'OLD'", "CN=old expired on 2")]
    [InlineData("--tls-certificate YOUNG --tls-key YOUNGKEY", "--tls-certificate is 'YOUNG'", "CN=young is not valid before 2")]
    [InlineData("--tls-certificate CERT", "--tls-key is not set", "private key")]
    [InlineData("--tls-ca FOLDER/ours.ca.pem", "--tls-certificate is not set", "--tls-ca is")]
    [InlineData("--tls-certificate CERT --tls-key KEY --tls-ca OTHERKEY", "--tls-ca is 'OTHERKEY'", "certificates in PEM")]
    public async Task Certificates_that_make_no_sense_are_one_sentence(string args, string says, string why)
    {
        var (certificate, key) = _ours.Sign("node", -Day, Day);
        var (_, otherKey) = _ours.Sign("othernode", -Day, Day);
        var (old, oldKey) = _ours.Sign("old", -Day, -Day / 2);
        var (young, youngKey) = _ours.Sign("young", Day / 2, Day);

        var (code, error) = await NodeProcess.RunAsync(
            "Sluice.Cluster.Seed", ["--listen", "127.0.0.1:0", "--cluster-secret", TestCluster.Secret, .. args.Split(' ').Select(Filled)]);

        Assert.True(code == 2, $"exit code {code}: {error}");
        Assert.Single(error.TrimEnd('\n').Split('\n'));
        Assert.Contains(string.Join(' ', says.Split(' ').Select(Filled)), error, StringComparison.Ordinal);
        Assert.Contains(why, error, StringComparison.Ordinal);

        string Filled(string word) => word.Trim('\'') switch
        {
            "CERT" => word.Replace("CERT", certificate, StringComparison.Ordinal),
            "KEY" => word.Replace("KEY", key, StringComparison.Ordinal),
            "OTHERKEY" => word.Replace("OTHERKEY", otherKey, StringComparison.Ordinal),
            "OLD" => word.Replace("OLD", old, StringComparison.Ordinal),
            "OLDKEY" => word.Replace("OLDKEY", oldKey, StringComparison.Ordinal),
            "YOUNG" => word.Replace("YOUNG", young, StringComparison.Ordinal),
            "YOUNGKEY" => word.Replace("YOUNGKEY", youngKey, StringComparison.Ordinal),
            _ => word.Replace("FOLDER", _folder, StringComparison.Ordinal),
        };
    }

    private Task<NodeProcess> StartWorkerAsync(string name, TestCluster cluster, params string[] flags) => NodeProcess.StartAsync(
        name, "Sluice.Cluster.Worker", ["--seeds", cluster.SeedAddress, "--home", Path.Combine(_folder, name), "--cluster-secret", TestCluster.Secret, .. flags]);
}
