using System.Text.Json;
using Sluice.Authoring.Operators;
using Sluice.Core.Dags;
using Sluice.Providers.Http.Requests;

namespace Sluice.Providers.Http.Operators;

/// <summary>Sends one request. Returns the answer: as JSON when it is that, else as text.</summary>
/// <remarks>
/// Anything but a 2xx fails the attempt, which the task's retries then try again; 4xx other than 408 and 429 fail the task at once. The header
/// <c>Idempotency-Key</c> names the try, so that a service that knows it acts once although an attempt is lost.
/// </remarks>
public sealed class HttpOperator : Operator
{
    /// <summary>Connection of type http or https. Default: <see cref="Endpoint"/> is a whole address.</summary>
    [Templated]
    public string? HttpConnectionId { get; set; }

    /// <summary>Path and query, or a whole address.</summary>
    [Templated]
    public string Endpoint { get; set; } = "";

    /// <summary>GET, POST, PUT, PATCH, DELETE, HEAD. Default: POST.</summary>
    public string Method { get; set; } = "POST";

    /// <summary>Body, sent as application/json unless <see cref="Headers"/> say otherwise. Default: none.</summary>
    [Templated(".json")]
    public string? Data { get; set; }

    /// <summary>Further headers.</summary>
    [Templated]
    public Dictionary<string, string> Headers { get; set; } = [];

    /// <summary>Fails unless the answer holds this text. Default: any answer will do.</summary>
    [Templated]
    public string? ResponseContains { get; set; }

    /// <inheritdoc/>
    public override async ValueTask<object?> ExecuteAsync(TaskContext context, CancellationToken cancellationToken)
    {
        var headers = new Dictionary<string, string>(Headers, StringComparer.OrdinalIgnoreCase);
        headers.TryAdd("Idempotency-Key", $"{context.Dag.Id}/{context.Run.Id}/{TaskRenames.CodeIdOf(context.Task)}/{context.MapIndex}/{context.TryNumber}");
        var answer = await new HttpCall(HttpConnectionId, Endpoint, Method, string.IsNullOrEmpty(Data) ? null : Data, headers).SendAsync(context, cancellationToken);
        if (!answer.IsSuccess)
        {
            var sentence = $"{answer.Place} answered {(int)answer.Status}: {answer.Beginning}";
            throw (int)answer.Status is >= 400 and < 500 and not (408 or 429) ? new TaskFailedException(sentence) : new TaskErrorException(sentence);
        }

        if (!string.IsNullOrEmpty(ResponseContains) && !answer.Body.Contains(ResponseContains, StringComparison.Ordinal))
        {
            throw new TaskErrorException($"{answer.Place} answered without '{ResponseContains}': {answer.Beginning}");
        }

        return answer switch
        {
            { Body.Length: 0 } => null,
            { MediaType: { } type } when type.EndsWith("json", StringComparison.OrdinalIgnoreCase) => Json(answer),
            _ => answer.Body,
        };
    }

    private static JsonElement Json(HttpAnswer answer)
    {
        try
        {
            using var document = JsonDocument.Parse(answer.Body);
            return document.RootElement.Clone();
        }
        catch (JsonException e)
        {
            throw new TaskErrorException($"{answer.Place} says that it answers with JSON, and does not: {e.Message}", e);
        }
    }
}
