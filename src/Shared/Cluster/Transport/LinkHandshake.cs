using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Sluice.Cluster.Wire;

namespace Sluice.Cluster.Transport;

/// <summary>The first four words of a link, see <see cref="Handshake"/>.</summary>
internal sealed class LinkHandshake(WebSocket socket, NodeInfo self, string secret)
{
    private readonly FrameReader _reader = new(socket, Handshake.MaxBytes);

    /// <exception cref="LinkRefusedException">Either side refused.</exception>
    public async Task<NodeInfo> DialAsync(CancellationToken cancellationToken)
    {
        var mine = Bytes(Handshake.Greet(self), HandshakeJson.Default.Hello);
        await SendAsync(mine, cancellationToken);
        var theirs = await ReceiveAsync(cancellationToken);
        var hello = Hello(theirs);
        await ObjectAsync(Handshake.Objection(hello, self), cancellationToken);

        await SendAsync(new Proof(Handshake.Prove(secret, fromDialler: true, mine, theirs), null), cancellationToken);
        var answer = Parse(await ReceiveAsync(cancellationToken), HandshakeJson.Default.Proof);
        if (answer.Refused is not null)
            throw new LinkRefusedException(answer.Refused);
        if (!Handshake.Matches(answer.Mac, Handshake.Prove(secret, fromDialler: false, mine, theirs)))
            throw new LinkRefusedException(Handshake.SecretDoesNotMatch);
        return hello.Node;
    }

    /// <exception cref="LinkRefusedException">Either side refused.</exception>
    public async Task<NodeInfo> AcceptAsync(CancellationToken cancellationToken)
    {
        var theirs = await ReceiveAsync(cancellationToken);
        var mine = Bytes(Handshake.Greet(self), HandshakeJson.Default.Hello);
        await SendAsync(mine, cancellationToken);
        var hello = Hello(theirs);

        var proof = Parse(await ReceiveAsync(cancellationToken), HandshakeJson.Default.Proof);
        if (proof.Refused is not null)
            throw new LinkRefusedException(proof.Refused);
        await ObjectAsync(
            Handshake.Matches(proof.Mac, Handshake.Prove(secret, fromDialler: true, theirs, mine))
                ? Handshake.Objection(hello, self)
                : Handshake.SecretDoesNotMatch,
            cancellationToken);
        await SendAsync(new Proof(Handshake.Prove(secret, fromDialler: false, theirs, mine), null), cancellationToken);
        return hello.Node;
    }

    private static byte[] Bytes<T>(T word, JsonTypeInfo<T> type) => JsonSerializer.SerializeToUtf8Bytes(word, type);

    private static Hello Hello(byte[] word)
    {
        var hello = Parse(word, HandshakeJson.Default.Hello);
        return hello is { Node: not null, Nonce: not null } ? hello : throw new LinkRefusedException("it did not introduce itself");
    }

    private static T Parse<T>(byte[] word, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(word, type) ?? throw new LinkRefusedException("it does not speak the cluster protocol");
        }
        catch (JsonException)
        {
            throw new LinkRefusedException("it does not speak the cluster protocol");
        }
    }

    /// <summary>Says the objection to the other side and gives up.</summary>
    private async Task ObjectAsync(string? objection, CancellationToken cancellationToken)
    {
        if (objection is null)
            return;
        await SendAsync(new Proof(null, objection), cancellationToken);
        throw new LinkRefusedException(objection);
    }

    private Task SendAsync(Proof proof, CancellationToken cancellationToken) => SendAsync(Bytes(proof, HandshakeJson.Default.Proof), cancellationToken);

    private Task SendAsync(byte[] word, CancellationToken cancellationToken) =>
        socket.SendAsync(word, WebSocketMessageType.Text, endOfMessage: true, cancellationToken);

    private async Task<byte[]> ReceiveAsync(CancellationToken cancellationToken) =>
        (await _reader.ReadAsync(cancellationToken) ?? throw new LinkRefusedException("it closed the link during the handshake")).ToArray();
}
