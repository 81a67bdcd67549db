using Sluice.Authoring.Hooks;
using Sluice.Services;

namespace Sluice.Providers.Tests.MySql;

public sealed class MySqlConnectTests
{
    [Fact]
    public async Task A_wrong_password_is_one_sentence_without_the_password()
    {
        var database = await MySqlDatabase.CreateAsync();
        var wrong = $"mysql://root:hunter2@127.0.0.1:{database.Server.Port}/{database.Name}";

        var error = await FailAsync(wrong);

        Assert.StartsWith($"Cannot connect to MySQL at 127.0.0.1:{database.Server.Port} as 'root': Access denied", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", error.ToString(), StringComparison.Ordinal);
        Assert.False(error.IsTransient);
    }

    [Fact]
    public async Task An_unknown_database_is_named()
    {
        var server = await MariaDbServer.StartSharedAsync();

        var error = await FailAsync(server.Uri("nowhere"));

        Assert.Contains("Unknown database 'nowhere'", error.Message, StringComparison.Ordinal);
        Assert.False(error.IsTransient);
    }

    [Fact]
    public async Task An_unknown_host_is_named() =>
        Assert.Contains("no-such-host.invalid", (await FailAsync("mysql://u:p@no-such-host.invalid/db")).Message, StringComparison.Ordinal);

    [Fact]
    public async Task A_port_without_server_is_transient()
    {
        using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        var port = ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();

        Assert.True((await FailAsync($"mysql://u:p@127.0.0.1:{port}/db")).IsTransient);
    }

    [Fact]
    public async Task A_server_that_never_greets_is_given_up_after_the_timeout()
    {
        using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        var port = ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;

        Assert.True((await FailAsync($"mysql://u:p@127.0.0.1:{port}/db?connect_timeout=1").WaitAsync(TimeSpan.FromSeconds(120))).IsTransient);
    }

    [Theory]
    [InlineData("?charset=latin1", "charset=latin1")]
    [InlineData("?conect_timeout=1", "'conect_timeout' is no setting of MySQL; known:")]
    [InlineData("?connect_timeout=soon", "connect_timeout=soon is not a whole number")]
    [InlineData("?ssl_ca=/no/such.pem", "ssl_ca=/no/such.pem: there is no such file")]
    [InlineData("?ssl_mode=maybe", "ssl_mode=maybe is none of")]
    [InlineData("?ssl_mode=disabled&ssl_verify=true", "contradicts")]
    [InlineData("?zero_dates=no", "zero_dates=no is none of")]
    public async Task A_wrong_setting_is_refused_by_name(string extras, string says)
    {
        var error = await FailAsync("mysql://u:p@127.0.0.1/db" + extras);

        Assert.Contains(says, error.Message, StringComparison.Ordinal);
        Assert.Contains("'prod'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tls_that_the_server_does_not_offer_is_refused_when_asked_for()
    {
        await using var server = await MariaDbServer.StartAsync("--skip-ssl");

        var error = await FailAsync(server.Uri("mysql") + "?ssl_mode=required");

        Assert.Contains("TLS", error.Message, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Tls_encrypts_and_verifies_as_asked()
    {
        using var certificates = TestCertificates.Create();
        await using var server = await MariaDbServer.StartAsync($"--ssl-cert={certificates.ServerCertificate}", $"--ssl-key={certificates.ServerKey}");
        const string cipher = "SHOW STATUS LIKE 'Ssl_cipher'";

        Assert.NotEqual("", await ValueAsync(server.Uri("mysql"), cipher));
        Assert.NotEqual("", await ValueAsync(server.Uri("mysql") + "?ssl_mode=required", cipher));
        Assert.NotEqual("", await ValueAsync(server.Uri("mysql") + $"?ssl_ca={certificates.Authority}", cipher));
        Assert.Equal("", await ValueAsync(server.Uri("mysql") + "?ssl_mode=disabled", cipher));

        var stranger = await FailAsync(server.Uri("mysql") + $"?ssl_ca={certificates.OtherAuthority}");
        Assert.Contains("certificate", stranger.Message, StringComparison.OrdinalIgnoreCase);
        await FailAsync(server.Uri("mysql") + "?ssl_verify=true");
    }

    private static async Task<SqlHookException> FailAsync(string uri) =>
        await Assert.ThrowsAsync<SqlHookException>(() => ValueAsync(uri, "SELECT 1"));

    private static async Task<object?> ValueAsync(string uri, string sql)
    {
        await using var hook = MySqlDatabase.OpenUri(uri);
        return (await hook.QueryAsync(sql, null, 1, CancellationToken.None))[0][^1];
    }
}
