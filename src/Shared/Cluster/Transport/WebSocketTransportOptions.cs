namespace Sluice.Cluster.Transport;

/// <summary>How nodes of separate processes talk.</summary>
public sealed record WebSocketTransportOptions
{
    /// <summary>What every node of the cluster knows and nobody else. It never travels and is never logged.</summary>
    public required string Secret { get; init; }

    /// <summary>With it links are dialled with TLS (<c>wss</c>). Default: none; then use a private network, for what travels can be read.</summary>
    public LinkTls? Tls { get; init; }

    /// <summary>Silence before a ping. Default: 4 s. Every quarter of it the link looks at the clock, which is most of what an idle link costs.</summary>
    public TimeSpan KeepAliveInterval { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>Wait for the pong. Default: 6 s, so that a dead link is found within about 10 s.</summary>
    public TimeSpan KeepAliveTimeout { get; init; } = TimeSpan.FromSeconds(6);

    /// <summary>What may wait to be sent on one link; more than that and the link is dropped. Default: 256 MiB.</summary>
    public long MaxQueuedBytes { get; init; } = 256L * 1024 * 1024;

    /// <summary>Pause before the first new attempt to dial; doubles up to <see cref="MaxBackoff"/>, with jitter. Default: 100 ms.</summary>
    public TimeSpan MinBackoff { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Longest pause between attempts to dial, and the pause after a refusal. Default: 5 s.</summary>
    public TimeSpan MaxBackoff { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Time for connecting and proving. Default: 5 s.</summary>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(5);
}
