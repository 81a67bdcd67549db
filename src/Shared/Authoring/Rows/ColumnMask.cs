using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Sluice.Authoring.Operators;

namespace Sluice.Authoring.Rows;

/// <summary>Writes something else instead of a value. NULL stays NULL.</summary>
internal abstract class ColumnMask
{
    /// <exception cref="TaskFailedException">There is no such mask, or a hash has no salt.</exception>
    internal static ColumnMask Parse(string column, string text, string? salt)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        var (kind, argument) = colon < 0 ? (text, null) : (text[..colon], text[(colon + 1)..]);
        return (kind, argument) switch
        {
            ("hash", null) when string.IsNullOrEmpty(salt) => throw new TaskFailedException(
                $"Column '{column}' is to be hashed without a salt, and could be guessed; set MaskSalt, such as {{{{ var.value.mask_salt }}}}."),
            ("hash", null) => new Hash(Encoding.UTF8.GetBytes(salt)),
            ("null", null) => new Nothing(),
            ("partial", null) => new Partial(4),
            ("partial", { } keep) when int.TryParse(keep, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count is > 0 and <= 64 => new Partial(count),
            _ => throw new TaskFailedException($"Column '{column}' cannot be masked by '{text}'; use hash, null, partial, or partial:N with N from 1 to 64."),
        };
    }

    /// <summary>The masked value, good until the next call; false for NULL.</summary>
    internal abstract bool TryMask(ReadOnlySpan<byte> value, out ReadOnlySpan<byte> masked);

    private sealed class Nothing : ColumnMask
    {
        internal override bool TryMask(ReadOnlySpan<byte> value, out ReadOnlySpan<byte> masked)
        {
            masked = default;
            return false;
        }
    }

    // HMAC-SHA256 with the salt as key, in lower-case hex: equal values stay equal, so joins still work.
    private sealed class Hash(byte[] salt) : ColumnMask
    {
        private readonly byte[] _digest = new byte[HMACSHA256.HashSizeInBytes];
        private readonly byte[] _hex = new byte[2 * HMACSHA256.HashSizeInBytes];

        internal override bool TryMask(ReadOnlySpan<byte> value, out ReadOnlySpan<byte> masked)
        {
            HMACSHA256.HashData(salt, value, _digest);
            Convert.TryToHexStringLower(_digest, _hex, out _);
            masked = _hex;
            return true;
        }
    }

    // Letters and digits before the last few become *; a value that is not longer than what stays is covered whole.
    private sealed class Partial(int keep) : ColumnMask
    {
        private byte[] _masked = new byte[256];

        internal override bool TryMask(ReadOnlySpan<byte> value, out ReadOnlySpan<byte> masked)
        {
            var characters = 0;
            foreach (var one in value)
            {
                characters += IsStart(one) ? 1 : 0;
            }

            if (_masked.Length < value.Length)
            {
                _masked = new byte[2 * value.Length];
            }

            var covered = characters > keep ? characters - keep : characters;
            var length = 0;
            var character = -1;
            foreach (var one in value)
            {
                character += IsStart(one) ? 1 : 0;
                if (character >= covered)
                {
                    _masked[length++] = one;
                }
                else if (IsStart(one))
                {
                    _masked[length++] = (byte)'*';
                }
            }

            masked = _masked.AsSpan(0, length);
            return true;
        }

        // Of a character in UTF-8; the bytes that follow it begin with 10.
        private static bool IsStart(byte one) => (one & 0xC0) != 0x80;
    }
}
