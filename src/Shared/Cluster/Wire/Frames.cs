using System.Buffers;
using System.Text.Json;

namespace Sluice.Cluster.Wire;

/// <summary>A frame is one WebSocket message: a JSON array of <see cref="Message"/>, UTF-8.</summary>
public static class Frames
{
    /// <summary>Longest frame, and so the longest message: 64 MiB. A link that brings a longer one is dropped.</summary>
    public const int MaxBytes = 64 * 1024 * 1024;

    /// <summary>The longest <see cref="Response.Body"/> that is sure to fit, in UTF-16 characters: JSON inside JSON may grow.</summary>
    public const int MaxBodyChars = 20 * 1024 * 1024;

    /// <summary>Reads a whole frame.</summary>
    /// <exception cref="JsonException">It is not an array of known messages.</exception>
    public static Message[] Read(ReadOnlySpan<byte> frame)
    {
        var messages = JsonSerializer.Deserialize(frame, WireJson.Default.MessageArray) ?? throw new JsonException("A frame is null.");
        return Array.IndexOf(messages, null) < 0 ? messages : throw new JsonException("A frame holds null for a message.");
    }

    /// <summary>Appends one message.</summary>
    public static void Write(Utf8JsonWriter writer, Message message) => JsonSerializer.Serialize(writer, message, WireJson.Default.Message);

    /// <summary>What arrives on the other side: a copy that shares nothing.</summary>
    public static Message Copy(Message message)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
            Write(writer, message);
        return JsonSerializer.Deserialize(buffer.WrittenSpan, WireJson.Default.Message)!;
    }
}
