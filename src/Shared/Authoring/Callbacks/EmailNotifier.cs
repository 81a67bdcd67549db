using System.Globalization;
using System.Net;
using System.Net.Mail;
using System.Text;
using Sluice.Authoring.Operators;

namespace Sluice.Authoring.Callbacks;

/// <summary>Sends what has happened as mail, by SMTP.</summary>
/// <remarks>
/// By the framework's own client: plain, or with STARTTLS; TLS from the first byte (port 465) it cannot do. The message's id is made of the event's, so that a
/// repeat can be told from another event.
/// </remarks>
public sealed class EmailNotifier : Notifier
{
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

    /// <inheritdoc/>
    public override async ValueTask NotifyAsync(CallbackContext context, CancellationToken cancellationToken)
    {
        var connection = await context.Task.ConnectionAsync(ConnectionId, cancellationToken);
        if (connection.Type != "smtp" || string.IsNullOrEmpty(connection.Host))
        {
            throw new TaskFailedException($"Connection '{connection.Id}' of type '{connection.Type}' is no mail server; write smtp://login:password@host:587/?from=sluice%40example.com.");
        }

        if (connection.Extra.Keys.FirstOrDefault(key => !Known.Contains(key)) is { } unknown)
        {
            throw new TaskFailedException($"Connection '{connection.Id}': there is no setting '{unknown}'; known: {string.Join(", ", Known)}.");
        }

        using var message = Message(context, From ?? connection.Extra.GetValueOrDefault("from"));
        using var client = new SmtpClient(connection.Host, connection.Port ?? 587)
        {
            EnableSsl = connection.Extra.TryGetValue("starttls", out var starttls) ? starttls == "true" : connection.Login is not null,
            Credentials = connection.Login is null ? null : new NetworkCredential(connection.Login, connection.Password),
        };
        try
        {
            await client.SendMailAsync(message, cancellationToken);
        }
        catch (SmtpException e)
        {
            throw new TaskErrorException($"{connection.Host}:{connection.Port ?? 587} did not take the mail: {e.Message}{(e.InnerException is { } inner ? $" ({inner.Message})" : "")}", e);
        }

        context.Log($"Sent to {string.Join(", ", To)}.");
    }

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
