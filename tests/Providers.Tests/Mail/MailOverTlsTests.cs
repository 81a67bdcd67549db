using System.Text;
using Sluice.Authoring.Callbacks;
using Sluice.Authoring.Operators;
using Sluice.Core.Callbacks;
using Sluice.Providers.Tests.Attempts;
using Sluice.Providers.Tests.MySql;
using Sluice.Services.Mail;

namespace Sluice.Providers.Tests.Mail;

/// <summary>Mails to a real server that wants a login. A machine that trusts its certificate is a process of its own.</summary>
public sealed class MailOverTlsTests : IDisposable
{
    private static readonly CallbackNote Note = new()
    {
        EventId = "7:1:failure", Callback = 0, On = CallbackTrigger.Failure, Instance = "load", TryNumber = 2, State = "failed", Why = "표가 없다", At = new(2021, 2, 6, 1, 2, 3, default),
    };

    private readonly TestCertificates _certificates = TestCertificates.Create();

    public void Dispose() => _certificates.Dispose();

    [Fact]
    public async Task A_mail_and_its_login_go_through_STARTTLS()
    {
        await using var server = await StartAsync(SmtpTls.StartTls);

        var output = await SendFromTrustingMachineAsync(Uri(server));
        Assert.True(output.Contains(AttemptProgram.Succeeded, StringComparison.Ordinal), output);

        var mail = Assert.Single(server.Mails);
        Assert.Equal(("sluice@example.com", true, SmtpServer.Login), (mail.From, mail.Tls, mail.Login));
        Assert.Equal(["ann@example.com", "ops@example.com"], mail.To);
        var body = mail.Text[(mail.Text.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..].Replace("\r\n", "", StringComparison.Ordinal);
        Assert.Contains("failed (try 2): 표가 없다", Encoding.UTF8.GetString(Convert.FromBase64String(body)), StringComparison.Ordinal);
        Assert.Equal((true, true), (Assert.Single(server.Logins).Tls, server.Logins[0].Right));
        Assert.Contains("STARTTLS", server.Heard, StringComparison.Ordinal);
        AssertTellsNobody(server);
    }

    [Fact]
    public async Task A_wrong_password_is_told_without_it()
    {
        await using var server = await StartAsync(SmtpTls.StartTls);

        var output = await SendFromTrustingMachineAsync(Uri(server, password: "not-this-one"));

        Assert.Contains($"failed: TaskErrorException: 127.0.0.1:{server.Port} did not take the mail: ", output, StringComparison.Ordinal);
        Assert.Contains("uthentication", output, StringComparison.Ordinal);
        Assert.DoesNotContain("not-this-one", output, StringComparison.Ordinal);
        Assert.DoesNotContain(server.Logins, login => !login.Tls || login.Right);
        Assert.Empty(server.Mails);
    }

    [Fact]
    public async Task A_server_whose_certificate_nobody_trusts_here_gets_neither_login_nor_mail()
    {
        await using var server = await StartAsync(SmtpTls.StartTls);

        var e = await Assert.ThrowsAsync<TaskErrorException>(() => SendAsync(Uri(server)));

        Assert.StartsWith($"127.0.0.1:{server.Port} got neither login nor mail: The remote certificate is invalid", e.Message, StringComparison.Ordinal);
        Assert.EndsWith(" If its certificate is right, let this machine trust the authority that signed it, or use the host name that it is for.", e.Message, StringComparison.Ordinal);
        Assert.Empty(server.Logins);
        Assert.Empty(server.Mails);
        AssertTellsNobody(server);
    }

    [Fact]
    public async Task A_server_without_STARTTLS_gets_login_and_mail_only_where_the_connection_says_so()
    {
        await using var server = await StartAsync(SmtpTls.None);

        var e = await Assert.ThrowsAsync<TaskErrorException>(() => SendAsync(Uri(server)));
        Assert.Contains("secure connections. It was asked for STARTTLS, and got neither login nor mail; starttls=false in the connection", e.Message, StringComparison.Ordinal);
        AssertTellsNobody(server);
        Assert.Empty(server.Mails);

        await SendAsync(Uri(server) + "&starttls=false");
        Assert.Equal((false, SmtpServer.Login), (Assert.Single(server.Mails).Tls, server.Mails[0].Login));
    }

    [Fact]
    public async Task A_server_that_speaks_TLS_from_the_first_byte_is_not_waited_for()
    {
        await using var server = await StartAsync(SmtpTls.Implicit);

        var e = await Assert.ThrowsAsync<TaskErrorException>(() => SendAsync(Uri(server), TimeSpan.FromSeconds(1)));

        Assert.Equal($"127.0.0.1:{server.Port} did not take the mail within 1 s; if it speaks TLS from the first byte, use its port for STARTTLS instead, mostly 587.", e.Message);
        Assert.Empty(server.Mails);
        AssertTellsNobody(server);
    }

    [Theory]
    [InlineData("smtp://ann:secret@mail.example.com:465/", "port 465 speaks TLS from the first byte, which EmailNotifier does not; use the server's port for STARTTLS, mostly 587.")]
    [InlineData("smtp://ann:secret@mail.example.com/?starttls=True", "starttls is 'True'; use true, or false to send in the clear.")]
    [InlineData("smtp://ann:secret@mail.example.com/?start_tls=true", "there is no setting 'start_tls'; known: starttls, from.")]
    public async Task A_connection_that_would_not_do_what_it_says_is_refused(string uri, string told) =>
        Assert.Equal($"Connection 'mail': {told}", (await Assert.ThrowsAsync<TaskFailedException>(() => SendAsync(uri))).Message);

    private Task<SmtpServer> StartAsync(SmtpTls tls) => SmtpServer.StartAsync(tls, _certificates.ServerCertificate, _certificates.ServerKey);

    private static string Uri(SmtpServer server, string password = SmtpServer.Password) =>
        $"smtp://{System.Uri.EscapeDataString(SmtpServer.Login)}:{System.Uri.EscapeDataString(password)}@127.0.0.1:{server.Port}/?from=sluice%40example.com";

    private static EmailNotifier Mail(TimeSpan? patience = null) =>
        new() { ConnectionId = "mail", To = ["ann@example.com"], Cc = ["ops@example.com"], Patience = patience ?? TimeSpan.FromMinutes(5) };

    private static Task<object?> SendAsync(string uri, TimeSpan? patience = null) => new TaskRun { Note = Note }.With("mail", uri).ExecuteAsync(Mail(patience));

    private async Task<string> SendFromTrustingMachineAsync(string uri)
    {
        await using var process = await AttemptProcess.StartAsync(
            new() { Attempt = 1, Connections = new() { ["mail"] = uri }, Mail = Mail(), Note = Note }, "env", $"SSL_CERT_FILE={_certificates.Authority}");
        return await process.EndAsync();
    }

    // On the wire there is neither the password, in whatever form it is sent, nor what it belongs to.
    private static void AssertTellsNobody(SmtpServer server)
    {
        Assert.DoesNotContain("AUTH ", server.Heard, StringComparison.Ordinal);
        Assert.DoesNotContain(SmtpServer.Password, server.Heard, StringComparison.Ordinal);
        Assert.DoesNotContain(Convert.ToBase64String(Encoding.UTF8.GetBytes(SmtpServer.Password)), server.Heard, StringComparison.Ordinal);
        Assert.DoesNotContain("MAIL FROM", server.Heard, StringComparison.Ordinal);
    }
}
