using System.Text;
using System.Text.Json;
using Sluice.Authoring.Operators;
using Sluice.Core.Callbacks;

namespace Sluice.Authoring.Callbacks;

/// <summary>Posts what has happened to a URL.</summary>
public class WebhookNotifier : Notifier
{
    private static readonly HttpClient Client = new() { Timeout = Timeout.InfiniteTimeSpan }; // the callback timeout ends it

    /// <summary>Where to. May be a template. Secrets belong into a connection: <see cref="ConnectionId"/>.</summary>
    [Templated]
    public string? Url { get; set; }

    /// <summary>A connection (http or https) instead of <see cref="Url"/>: its host, port and schema as path; with a password its login and password as basic authorization; its extra <c>url</c> wins over all.</summary>
    public string? ConnectionId { get; set; }

    /// <summary>The body. Default: a JSON object with <c>event_id</c>, <c>event</c>, <c>dag_id</c>, <c>run_id</c>, <c>task_id</c>, <c>try_number</c>, <c>state</c>, <c>why</c>, <c>at</c>, <c>logical_date</c> and <c>text</c>.</summary>
    [Templated]
    public string? Body { get; set; }

    /// <summary>Further headers. <c>X-Sluice-Event-Id</c> is always sent.</summary>
    [Templated]
    public IReadOnlyDictionary<string, string> Headers { get; set; } = new Dictionary<string, string>();

    /// <inheritdoc/>
    public override async ValueTask NotifyAsync(CallbackContext context, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, await AddressAsync(context, cancellationToken));
        request.Content = new StringContent(BodyFor(context), Encoding.UTF8, "application/json");
        request.Headers.Add("X-Sluice-Event-Id", context.EventId);
        if (_authorization is not null)
        {
            request.Headers.Authorization = new("Basic", _authorization);
        }

        foreach (var (name, value) in Headers)
        {
            if (!request.Headers.TryAddWithoutValidation(name, value))
            {
                request.Content.Headers.Remove(name);
                request.Content.Headers.TryAddWithoutValidation(name, value);
            }
        }

        using var answer = await Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        if (!answer.IsSuccessStatusCode)
        {
            throw new TaskErrorException($"{request.RequestUri!.Host} answered the webhook with {(int)answer.StatusCode} {answer.ReasonPhrase}.");
        }

        context.Log($"Told {request.RequestUri!.Host}: {(int)answer.StatusCode}");
    }

    /// <summary>The body to send.</summary>
    protected virtual string BodyFor(CallbackContext context) => Body ?? JsonSerializer.Serialize(new
    {
        event_id = context.EventId,
        @event = context.Event,
        dag_id = context.DagId,
        run_id = context.RunId,
        task_id = context.TaskId,
        try_number = context.TryNumber,
        state = context.State,
        why = context.Why,
        at = context.At,
        logical_date = context.LogicalDate,
        deadline = context.Deadline,
        deadline_due = context.DeadlineDue,
        text = context.Summary,
    });

    private string? _authorization;

    internal override string? FindProblem() => (Url, ConnectionId) switch
    {
        (null, null) => $"{GetType().Name} needs a url or a connection_id.",
        (not null, not null) => $"{GetType().Name} has both a url and a connection_id; give it one of them.",
        _ => null,
    };

    private async ValueTask<Uri> AddressAsync(CallbackContext context, CancellationToken cancellationToken)
    {
        var url = Url;
        if (ConnectionId is { } id)
        {
            var connection = await context.Task.ConnectionAsync(id, cancellationToken);
            url = connection.Extra.TryGetValue("url", out var whole)
                ? whole
                : $"{(connection.Type == "http" ? "http" : "https")}://{connection.Host}{(connection.Port is { } port ? $":{port}" : "")}/{connection.Schema}";
            if (connection.Password is not null)
            {
                _authorization = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{connection.Login}:{connection.Password}"));
            }
        }

        return Uri.TryCreate(url, UriKind.Absolute, out var address) && address.Scheme is "http" or "https"
            ? address
            : throw new TaskFailedException($"{(ConnectionId is null ? $"The url '{url}'" : $"Connection '{ConnectionId}'")} is no http or https address.");
    }
}

/// <summary>Posts one line to an incoming webhook of Slack, or of whatever takes the same form.</summary>
public sealed class SlackNotifier : WebhookNotifier
{
    /// <summary>The message. Default: one line that says what happened.</summary>
    [Templated]
    public string? Text { get; set; }

    /// <inheritdoc/>
    protected override string BodyFor(CallbackContext context) => Body ?? JsonSerializer.Serialize(new { text = Text ?? context.Summary });
}
