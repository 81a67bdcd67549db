using System.Globalization;
using System.Net;
using System.Net.Mail;
using System.Security.Authentication;
using System.Text;
using Sluice.Authoring.Operators;
using Sluice.Core.Connections;

namespace Sluice.Authoring.Callbacks;

/// <summary>Sends what has happened as mail, by SMTP.</summary>
/// <remarks>
/// By the framework's own client: plain, or with STARTTLS; TLS from the first byte (port 465) it cannot do, and refuses. The message's id is made of the event's,
/// so that a repeat can be told from another event.
/// </remarks>
public sealed class EmailNotifier : Notifier
{
    private const int PortOfStartTls = 587;
    private const int PortOfTlsAtOnce = 465;

    private static readonly string[] Known = ["starttls", "from"];

    /// <summary>Connection of type smtp: host, port (default 587), login, password; extras <c>starttls</c> (default: true with a login) and <c>from</c>.</summary>
    public string ConnectionId { get; set; } = "";

    /// <summary>Who gets it.</summary>
    [Templated]
    public IReadOnlyList<string> To { get; set; } = [];

    /// <summary>Who gets a copy.</summary>
    [Templated]
    public IReadOnlyList<string> Cc { get; set; } = [];

    /// <summary>Who sends it. Default: the connection's <c>from</c>.</summary>
    [Templated]
    public string? From { get; set; }

    /// <summary>Default: one line that says what happened.</summary>
    [Templated]
    public string? Subject { get; set; }

    /// <summary>Default: what happened, to what, when and why.</summary>
    [Templated]
    public string? Body { get; set; }

    /// <summary>The body is HTML. Default: false.</summary>
    public bool Html { get; set; }

    /// <summary>How long a server may take for a mail: less than a callback may run, so that the log tells why. Moved by tests.</summary>
    internal TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(30);

    /// <inheritdoc/>
    public override async ValueTask NotifyAsync(CallbackContext context, CancellationToken cancellationToken)
    {
        var connection = await context.Task.ConnectionAsync(ConnectionId, cancellationToken);
        Check(connection);
        using var message = Message(context, From ?? connection.Extra.GetValueOrDefault("from"));
        var port = connection.Port ?? PortOfStartTls;
        using var client = new SmtpClient(connection.Host, port)
        {
            EnableSsl = connection.Extra.TryGetValue("starttls", out var starttls) ? starttls == "true" : connection.Login is not null,
            Credentials = connection.Login is null ? null : new NetworkCredential(connection.Login, connection.Password),
        };
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        try
        {
            await client.SendMailAsync(message, limit.Token);
        }
        catch (SmtpException e) when (e.InnerException is AuthenticationException tls)
        {
            throw new TaskErrorException(
                $"{connection.Host}:{port} got neither login nor mail: {tls.Message} If its certificate is right, let this machine trust the authority that signed it, or use the host name that it is for.", e);
        }
        catch (SmtpException e)
        {
            throw new TaskErrorException($"{connection.Host}:{port} did not take the mail: {e.Message}{Cause(e)}{WithoutStartTls(client, e)}", e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TaskErrorException(
                $"{connection.Host}:{port} did not take the mail within {Patience.TotalSeconds:0} s; if it speaks TLS from the first byte, use its port for STARTTLS instead, mostly {PortOfStartTls}.", e);
        }

        context.Log($"Sent to {string.Join(", ", To)}.");
    }

    private static void Check(Connection connection)
    {
        if (connection.Type != "smtp" || string.IsNullOrEmpty(connection.Host))
        {
            throw new TaskFailedException($"Connection '{connection.Id}' of type '{connection.Type}' is no mail server; write smtp://login:password@host:587/?from=sluice%40example.com.");
        }

        if (connection.Extra.Keys.FirstOrDefault(key => !Known.Contains(key)) is { } unknown)
        {
            throw new TaskFailedException($"Connection '{connection.Id}': there is no setting '{unknown}'; known: {string.Join(", ", Known)}.");
        }

        if (connection.Extra.GetValueOrDefault("starttls", "true") is not ("true" or "false") and var odd)
        {
            throw new TaskFailedException($"Connection '{connection.Id}': starttls is '{odd}'; use true, or false to send in the clear.");
        }

        if (connection.Port == PortOfTlsAtOnce)
        {
            throw new TaskFailedException(
                $"Connection '{connection.Id}': port {PortOfTlsAtOnce} speaks TLS from the first byte, which EmailNotifier does not; use the server's port for STARTTLS, mostly {PortOfStartTls}.");
        }
    }

    private static string Cause(SmtpException e) => e.InnerException is null ? "" : $" ({e.GetBaseException().Message})";

    // The client's own words do not say what was asked for.
    private static string WithoutStartTls(SmtpClient client, SmtpException e) => client.EnableSsl && e is { StatusCode: SmtpStatusCode.GeneralFailure, InnerException: null }
        ? " It was asked for STARTTLS, and got neither login nor mail; starttls=false in the connection sends both in the clear."
        : "";

    internal override string? FindProblem() => (ConnectionId, To) switch
    {
        ({ Length: 0 }, _) => $"{nameof(EmailNotifier)} needs a connection_id.",
        (_, { Count: 0 }) => $"{nameof(EmailNotifier)} needs somebody to send to: to.",
        _ => null,
    };

    private MailMessage Message(CallbackContext context, string? from)
    {
        try
        {
            var message = new MailMessage
            {
                From = new(from ?? throw new TaskFailedException("A mail needs a sender: set From, or from in the connection.")),
                Subject = OneLine(Subject ?? context.Summary),
                SubjectEncoding = Encoding.UTF8,
                Body = Body ?? Describe(context),
                BodyEncoding = Encoding.UTF8,
                IsBodyHtml = Html,
            };
            message.Headers.Add("Message-ID", $"<{Convert.ToHexStringLower(Encoding.UTF8.GetBytes(context.EventId))}@sluice>");
            foreach (var to in To)
            {
                message.To.Add(to);
            }

            foreach (var copy in Cc)
            {
                message.CC.Add(copy);
            }

            return message;
        }
        catch (FormatException e)
        {
            throw new TaskFailedException($"An address of the mail is none: {e.Message}", e);
        }
    }

    // A subject with a line end could smuggle in headers.
    private static string OneLine(string text) => text.ReplaceLineEndings(" ");

    private static string Describe(CallbackContext context) => string.Create(
        CultureInfo.InvariantCulture,
        $"""
         {context.Summary}

         DAG           {context.DagId}
         run           {context.RunId}
         task          {context.TaskId ?? "-"}
         state         {context.State}
         logical date  {context.LogicalDate:yyyy-MM-dd HH:mm:ss} UTC
         at            {context.At:yyyy-MM-dd HH:mm:ss} UTC
         why           {context.Why ?? "-"}
         """);
}
