using System.Net;
using Sluice.Authoring.Operators;
using Sluice.Authoring.Sensors;
using Sluice.Providers.Http.Requests;

namespace Sluice.Providers.Http.Sensors;

/// <summary>Waits until a service answers with 2xx, and with a text if one is asked for. 404 is not yet; other answers fail the attempt.</summary>
public sealed class HttpSensor : Sensor
{
    /// <summary>Connection of type http or https. Default: <see cref="Endpoint"/> is a whole address.</summary>
    [Templated]
    public string? HttpConnectionId { get; set; }

    /// <summary>Path and query, or a whole address.</summary>
    [Templated]
    public string Endpoint { get; set; } = "";

    /// <summary>Default: GET.</summary>
    public string Method { get; set; } = "GET";

    /// <summary>Body. Default: none.</summary>
    [Templated]
    public string? Data { get; set; }

    /// <summary>Further headers.</summary>
    [Templated]
    public Dictionary<string, string> Headers { get; set; } = [];

    /// <summary>Waits until the answer holds this text, such as <c>"state": "done"</c>. Default: any 2xx will do.</summary>
    [Templated]
    public string? ResponseContains { get; set; }

    /// <inheritdoc/>
    public override async ValueTask<Poke> PokeAsync(TaskContext context, CancellationToken cancellationToken)
    {
        var answer = await new HttpCall(HttpConnectionId, Endpoint, Method, string.IsNullOrEmpty(Data) ? null : Data, Headers).SendAsync(context, cancellationToken);
        if (answer.IsSuccess)
        {
            return string.IsNullOrEmpty(ResponseContains) || answer.Body.Contains(ResponseContains, StringComparison.Ordinal) ? Poke.Done : Poke.NotYet;
        }

        return answer.Status is HttpStatusCode.NotFound
            ? Poke.NotYet
            : throw new TaskErrorException($"{answer.Place} answered {(int)answer.Status}: {answer.Beginning}");
    }
}
