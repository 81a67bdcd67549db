using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Sluice.Storage.Secrets;

/// <summary>Seals connections and variables for the store: AES-256-GCM, bound to kind and name, so that no value can pass for another.</summary>
/// <remarks>Envelope: format byte 1; key id (4); nonce (12); tag (16); ciphertext. Safe for concurrent use.</remarks>
/// <param name="keys">The deployment's keys.</param>
public sealed class SecretBox(SecretKeys keys)
{
    private const byte Format = 1;
    private const int NonceAt = 5;
    private const int TagAt = NonceAt + 12;
    private const int TextAt = TagAt + 16;

    /// <summary>Encrypts with the current key.</summary>
    public byte[] Seal(SecretKind kind, string name, string value)
    {
        var plain = Encoding.UTF8.GetBytes(value);
        var envelope = new byte[TextAt + plain.Length];
        envelope[0] = Format;
        BinaryPrimitives.WriteUInt32LittleEndian(envelope.AsSpan(1), keys.Current);
        RandomNumberGenerator.Fill(envelope.AsSpan(NonceAt, 12));
        using var cipher = new AesGcm(keys.Find(keys.Current)!, tagSizeInBytes: 16);
        cipher.Encrypt(
            envelope.AsSpan(NonceAt, 12), plain, envelope.AsSpan(TextAt), envelope.AsSpan(TagAt, 16), Context(kind, name));
        CryptographicOperations.ZeroMemory(plain);
        return envelope;
    }

    /// <summary>Decrypts with whichever key sealed it.</summary>
    /// <exception cref="StoreException">
    /// <c>secrets.unknown_key</c>: its key is not in the key file. <c>secrets.tampered</c>: the bytes are not what was sealed under this name.
    /// </exception>
    public string Open(SecretKind kind, string name, ReadOnlySpan<byte> envelope)
    {
        if (envelope.Length < TextAt || envelope[0] != Format)
        {
            throw Tampered(kind, name, null);
        }

        var key = keys.Find(BinaryPrimitives.ReadUInt32LittleEndian(envelope[1..])) ?? throw new StoreException(
            "secrets.unknown_key", $"The {Word(kind)} '{name}' was sealed with a key that the key file does not hold. Put that key back, or set the {Word(kind)} again.");
        var plain = new byte[envelope.Length - TextAt];
        try
        {
            using var cipher = new AesGcm(key, tagSizeInBytes: 16);
            cipher.Decrypt(envelope.Slice(NonceAt, 12), envelope[TextAt..], envelope.Slice(TagAt, 16), plain, Context(kind, name));
        }
        catch (AuthenticationTagMismatchException error)
        {
            throw Tampered(kind, name, error);
        }

        return Encoding.UTF8.GetString(plain);
    }

    /// <summary>True when the current key sealed it; false for what a rotation has yet to seal anew.</summary>
    public bool IsCurrent(ReadOnlySpan<byte> envelope) =>
        envelope.Length >= TextAt && envelope[0] == Format && BinaryPrimitives.ReadUInt32LittleEndian(envelope[1..]) == keys.Current;

    private static byte[] Context(SecretKind kind, string name) => [Format, (byte)kind, .. Encoding.UTF8.GetBytes(name)];

    private static string Word(SecretKind kind) => kind is SecretKind.Connection ? "connection" : "variable";

    private static StoreException Tampered(SecretKind kind, string name, Exception? inner) => new(
        "secrets.tampered", $"The stored {Word(kind)} '{name}' is not what was sealed under this name. Set it again.", inner: inner);
}
