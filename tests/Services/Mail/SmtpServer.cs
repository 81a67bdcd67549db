using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Sluice.Services.Mail;

/// <summary>How an <see cref="SmtpServer"/> keeps others from reading along.</summary>
public enum SmtpTls
{
    /// <summary>Not at all.</summary>
    None,

    /// <summary>By STARTTLS, which it demands before anything else.</summary>
    StartTls,

    /// <summary>From the first byte.</summary>
    Implicit,
}

/// <summary>A mail that the server took.</summary>
/// <param name="From">Who sends it, as told to the server.</param>
/// <param name="To">Who gets it, as told to the server.</param>
/// <param name="Text">Its headers and its body.</param>
/// <param name="Tls">It came encrypted.</param>
/// <param name="Login">Who was logged in.</param>
public sealed record ReceivedMail(string From, IReadOnlyList<string> To, string Text, bool Tls, string? Login);

/// <summary>Somebody tried to log in.</summary>
/// <param name="Mechanism">Such as PLAIN.</param>
/// <param name="Tls">It came encrypted.</param>
/// <param name="Right">Login and password were right.</param>
public sealed record TriedLogin(string Mechanism, bool Tls, bool Right);

/// <summary>A real SMTP server (aiosmtpd) on a free port of 127.0.0.1 that wants a login. Ends with the test process.</summary>
public sealed class SmtpServer : IAsyncDisposable
{
    /// <summary>Who may send.</summary>
    public const string Login = "ann@example.com";

    /// <summary>Of <see cref="Login"/>.</summary>
    public const string Password = "p:w secret/1";

    private const string Python = "/usr/bin/python3"; // Debian's own, which has Debian's modules
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    private readonly SupervisedServer _server;
    private readonly LoopbackListener _listener;
    private readonly MemoryStream _heard = new();

    private SmtpServer(SupervisedServer server) => (_server, _listener) = (server, new(ServeAsync));

    /// <summary>The port it listens on.</summary>
    public int Port => _listener.Port;

    /// <summary>Mails so far, in order.</summary>
    public IReadOnlyList<ReceivedMail> Mails => Read<ReceivedMail>("mail");

    /// <summary>Logins so far, in order.</summary>
    public IReadOnlyList<TriedLogin> Logins => Read<TriedLogin>("login");

    /// <summary>Every byte that clients have sent, as it went over the wire.</summary>
    public string Heard
    {
        get
        {
            lock (_heard)
            {
                return Encoding.Latin1.GetString(_heard.ToArray());
            }
        }
    }

    /// <summary>Starts one for a test.</summary>
    /// <param name="tls">How it encrypts.</param>
    /// <param name="certificate">PEM file; not read without TLS.</param>
    /// <param name="key">PEM file; not read without TLS.</param>
    public static async Task<SmtpServer> StartAsync(SmtpTls tls, string certificate, string key)
    {
        Programs.Find(Path.GetFileName(Python), "python3-aiosmtpd", Path.GetDirectoryName(Python)!);
        var folder = SupervisedServer.CreateFolder("smtp");
        Directory.CreateDirectory(Path.Combine(folder, "kept"));
        return new(await SupervisedServer.StartAsync(
            "aiosmtpd",
            folder,
            "TERM",
            port => [Python, Path.Combine(AppContext.BaseDirectory, "Mail", "smtp.py"), $"{port}", Path.Combine(folder, "kept"), $"{tls}".ToLowerInvariant(), certificate, key, Login, Password],
            IsReadyAsync));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _listener.DisposeAsync();
        await _server.DisposeAsync();
        await _heard.DisposeAsync();
    }

    private static async Task<bool> IsReadyAsync(int port)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port);
        return true;
    }

    private IReadOnlyList<T> Read<T>(string kind) =>
    [
        .. Directory.GetFiles(Path.Combine(_server.Folder, "kept"), $"{kind}-*.json").Order(StringComparer.Ordinal)
            .Select(file => JsonSerializer.Deserialize<T>(File.ReadAllText(file), Json)!),
    ];

    private async Task ServeAsync(TcpClient client, CancellationToken cancellationToken)
    {
        using var server = new TcpClient { NoDelay = true };
        await server.ConnectAsync(IPAddress.Loopback, _server.Port, cancellationToken);
        var (near, far) = (client.GetStream(), server.GetStream());
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAny(ListenAsync(near, far, gone.Token), far.CopyToAsync(near, gone.Token));
        await gone.CancelAsync();
    }

    private async Task ListenAsync(NetworkStream client, NetworkStream server, CancellationToken cancellationToken)
    {
        var buffer = new byte[16 * 1024];
        while (await client.ReadAsync(buffer, cancellationToken) is > 0 and var read)
        {
            lock (_heard)
            {
                _heard.Write(buffer, 0, read);
            }

            await server.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
        }

        server.Socket.Shutdown(SocketShutdown.Send);
    }
}
