using System.Buffers.Binary;
using System.Text.Json;

namespace Sluice.Scheduler.DagProcessing;

/// <summary>JSON messages on a pipe, each after its length in four bytes, little-endian. This file is part of both ends.</summary>
internal static class Frames
{
    private const int Longest = 1 << 30;

    /// <summary>Writes one message.</summary>
    public static async Task WriteAsync<T>(Stream stream, T message, CancellationToken cancellationToken)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(message);
        var length = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, body.Length);
        await stream.WriteAsync(length, cancellationToken);
        await stream.WriteAsync(body, cancellationToken);
        await stream.FlushAsync(cancellationToken);
    }

    /// <summary>Reads one message; default when the pipe ended.</summary>
    /// <exception cref="InvalidDataException">What came is no message.</exception>
    public static async Task<T?> ReadAsync<T>(Stream stream, CancellationToken cancellationToken)
    {
        var length = new byte[4];
        if (await stream.ReadAtLeastAsync(length, 4, throwOnEndOfStream: false, cancellationToken) < 4)
        {
            return default;
        }

        var size = BinaryPrimitives.ReadInt32LittleEndian(length);
        if (size is <= 0 or > Longest)
        {
            throw new InvalidDataException("The pipe carries something that is no message.");
        }

        var body = new byte[size];
        if (await stream.ReadAtLeastAsync(body, size, throwOnEndOfStream: false, cancellationToken) < size)
        {
            return default;
        }

        try
        {
            return JsonSerializer.Deserialize<T>(body);
        }
        catch (JsonException e)
        {
            throw new InvalidDataException("The pipe carries something that is no message.", e);
        }
    }
}
