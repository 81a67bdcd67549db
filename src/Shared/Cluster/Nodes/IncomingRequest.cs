using Sluice.Cluster.Wire;

namespace Sluice.Cluster.Nodes;

/// <summary>A question from another node, told to the actor that serves its method. Answer once; a second answer goes nowhere.</summary>
public sealed class IncomingRequest
{
    private readonly Action<Response> _reply;
    private int _answered;

    internal IncomingRequest(NodeInfo from, Request request, Action<Response> reply)
    {
        From = from;
        Request = request;
        _reply = reply;
    }

    public NodeInfo From { get; }

    public Request Request { get; }

    public string Method => Request.Method;

    /// <summary>The question's body.</summary>
    /// <exception cref="System.Text.Json.JsonException">It is not a <typeparamref name="T"/>.</exception>
    public T Read<T>() => WireJson.Read<T>(Request.Body);

    /// <param name="body">JSON text.</param>
    /// <param name="code">As in HTTP: 200, 303.</param>
    public void Reply(string body, int code = 200)
    {
        ArgumentNullException.ThrowIfNull(body);
        if (body.Length > Frames.MaxBodyChars)
            Fail(413, $"The answer to '{Method}' is too large to send: {body.Length} characters, the limit is {Frames.MaxBodyChars}.");
        else
            Answer(new Response(Request.Id, body, null, code));
    }

    /// <summary>Answers with a type of the wire.</summary>
    public void ReplyWith<T>(T value, int code = 200) => Reply(WireJson.Write(value), code);

    /// <param name="code">As in HTTP: 400, 404, 409, 503.</param>
    /// <param name="error">One sentence for people.</param>
    public void Fail(int code, string error) => Answer(new Response(Request.Id, null, error, code));

    private void Answer(Response response)
    {
        if (Interlocked.Exchange(ref _answered, 1) == 0)
            _reply(response);
    }
}
