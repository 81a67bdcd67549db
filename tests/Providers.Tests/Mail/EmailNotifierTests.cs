using System.Net;
using System.Net.Sockets;
using System.Text;
using Sluice.Authoring.Callbacks;
using Sluice.Authoring.Operators;
using Sluice.Core.Callbacks;

namespace Sluice.Providers.Tests.Mail;

public sealed class EmailNotifierTests
{
    private static readonly CallbackNote Note = new()
    {
        EventId = "7:1:failure", Callback = 0, On = CallbackTrigger.Failure, Instance = "load", TryNumber = 2, State = "failed", Why = "표가 없다\r\nBcc: evil@example.com", At = new(2021, 2, 6, 1, 2, 3, default),
    };

    [Fact]
    public async Task A_mail_says_what_happened()
    {
        await using var server = new SmtpServer();
        var run = new TaskRun { Note = Note }.With("mail", $"smtp://127.0.0.1:{server.Port}/?from=sluice%40example.com");

        await run.ExecuteAsync(new EmailNotifier { ConnectionId = "mail", To = ["ann@example.com", "Bob <bob@example.com>"], Cc = ["ops@example.com"], Subject = "{{ exception[:2] }} {{ callback.state }}" });

        var (from, to, text) = Assert.Single(server.Mails);
        Assert.Equal("sluice@example.com", from);
        Assert.Equal(["ann@example.com", "bob@example.com", "ops@example.com"], to);
        Assert.Contains($"Message-ID: <{Convert.ToHexStringLower("7:1:failure"u8)}@sluice>", text, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("\r\nBcc:", text, StringComparison.OrdinalIgnoreCase);
        var body = Encoding.UTF8.GetString(Convert.FromBase64String(text[(text.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..].Replace("\r\n", "", StringComparison.Ordinal)));
        Assert.Contains("dag.load in run manual__1 failed (try 2): 표가 없다", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_login_is_told_to_the_server_in_the_clear_only_where_that_is_asked_for()
    {
        await using var server = new SmtpServer { Login = "ann", Password = "p:w" };
        var run = new TaskRun { Note = Note }.With("clear", $"smtp://ann:p%3Aw@127.0.0.1:{server.Port}/?from=sluice%40example.com&starttls=false")
            .With("wrong", $"smtp://ann:other@127.0.0.1:{server.Port}/?from=sluice%40example.com&starttls=false")
            .With("tls", $"smtp://ann:p%3Aw@127.0.0.1:{server.Port}/?from=sluice%40example.com");

        // This server has no STARTTLS, which a login asks for.
        var e = await Assert.ThrowsAsync<TaskErrorException>(() => run.ExecuteAsync(new EmailNotifier { ConnectionId = "tls", To = ["bob@example.com"] }));
        Assert.Contains("secure", e.Message, StringComparison.Ordinal);
        Assert.Equal(0, server.Logins);
        e = await Assert.ThrowsAsync<TaskErrorException>(() => run.ExecuteAsync(new EmailNotifier { ConnectionId = "wrong", To = ["bob@example.com"] }));
        Assert.DoesNotContain("other", e.Message, StringComparison.Ordinal);
        Assert.Empty(server.Mails);

        await run.ExecuteAsync(new EmailNotifier { ConnectionId = "clear", To = ["bob@example.com"] });

        Assert.Single(server.Mails);
        Assert.Equal(2, server.Logins);
    }

    [Fact]
    public async Task What_cannot_be_sent_is_told()
    {
        await using var server = new SmtpServer { Refuse = "550 no such user" };
        var run = new TaskRun { Note = Note }.With("mail", $"smtp://127.0.0.1:{server.Port}/?from=sluice%40example.com")
            .With("none", $"smtp://127.0.0.1:{server.Port}/").With("web", "http://127.0.0.1/");

        await ToldAsync<TaskErrorException>("did not take the mail", new() { ConnectionId = "mail", To = ["ann@example.com"] });
        await ToldAsync<TaskFailedException>("needs a sender", new() { ConnectionId = "none", To = ["ann@example.com"] });
        await ToldAsync<TaskFailedException>("An address of the mail is none", new() { ConnectionId = "mail", To = ["no address"] });
        await ToldAsync<TaskFailedException>("is no mail server", new() { ConnectionId = "web", To = ["ann@example.com"] });

        async Task ToldAsync<T>(string told, EmailNotifier notifier)
            where T : Exception =>
            Assert.Contains(told, (await Assert.ThrowsAsync<T>(() => run.ExecuteAsync(notifier))).Message, StringComparison.Ordinal);
    }

    /// <summary>Takes mails by SMTP (RFC 5321), as far as a client without TLS goes.</summary>
    private sealed class SmtpServer : IAsyncDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly Task _serving;

        internal SmtpServer()
        {
            _listener.Start();
            _serving = ServeAsync();
        }

        internal int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

        internal string? Refuse { get; init; }

        /// <summary>Who may send; null for everybody.</summary>
        internal string? Login { get; init; }

        internal string? Password { get; init; }

        /// <summary>How often somebody has logged in, or tried to.</summary>
        internal int Logins { get; private set; }

        internal List<(string From, List<string> To, string Text)> Mails { get; } = [];

        public async ValueTask DisposeAsync()
        {
            _listener.Stop();
            await _serving;
        }

        private async Task ServeAsync()
        {
            try
            {
                while (true)
                {
                    using var client = await _listener.AcceptTcpClientAsync();
                    try
                    {
                        await TalkAsync(client.GetStream());
                    }
                    catch (IOException)
                    {
                        // Who was refused may leave without a word.
                    }
                }
            }
            catch (Exception e) when (e is SocketException or InvalidOperationException)
            {
                // The test is over: the listener was stopped while it waited, or before it waited again.
            }
        }

        private async Task TalkAsync(NetworkStream stream)
        {
            using var reader = new StreamReader(stream, Encoding.Latin1);
            await SayAsync("220 ready");
            var (from, to) = ("", new List<string>());
            var isKnown = Login is null;
            while (await reader.ReadLineAsync() is { } line)
            {
                switch (line.Split(':')[0].ToUpperInvariant().Split(' ')[0])
                {
                    case "EHLO" when Login is not null:
                        await SayAsync("250-here\r\n250 AUTH LOGIN");
                        break;
                    case "AUTH":
                        Logins++;
                        await SayAsync("334 UGFzc3dvcmQ6");
                        isKnown = Text(line.Split(' ')[2]) == Login && Text((await reader.ReadLineAsync())!) == Password;
                        await SayAsync(isKnown ? "235 welcome" : "535 wrong");
                        break;
                    case "MAIL" when !isKnown:
                        await SayAsync("530 log in first");
                        break;
                    case "MAIL":
                        (from, to) = (Address(line), []);
                        await SayAsync("250 ok");
                        break;
                    case "RCPT":
                        to.Add(Address(line));
                        await SayAsync(Refuse ?? "250 ok");
                        break;
                    case "DATA":
                        await SayAsync("354 go on");
                        var text = new StringBuilder();
                        while (await reader.ReadLineAsync() is { } part && part != ".")
                        {
                            text.Append(part).Append("\r\n");
                        }

                        Mails.Add((from, to, text.ToString()));
                        await SayAsync("250 taken");
                        break;
                    case "QUIT":
                        await SayAsync("221 bye");
                        return;
                    default:
                        await SayAsync("250 ok");
                        break;
                }
            }

            async Task SayAsync(string answer) => await stream.WriteAsync(Encoding.ASCII.GetBytes(answer + "\r\n"));
        }

        private static string Text(string base64) => Encoding.UTF8.GetString(Convert.FromBase64String(base64));

        private static string Address(string line) => line[(line.IndexOf('<', StringComparison.Ordinal) + 1)..line.IndexOf('>', StringComparison.Ordinal)];
    }
}
