using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Sluice.Providers.MySql.Sessions;

/// <summary>Puts values into the place of their <c>@name</c>, as literals that the session's own rules escape.</summary>
/// <remarks>Names in strings, quoted identifiers and comments are left alone, and so are <c>@@system_variables</c>.</remarks>
internal static class MySqlText
{
    /// <summary>The statement as it goes to the server.</summary>
    /// <exception cref="MySqlException">A name has no value. Without any parameters, <c>@name</c> is a user variable of MySQL.</exception>
    public static ReadOnlyMemory<byte> Bind(MySqlSession session, string sql, IReadOnlyDictionary<string, object?>? parameters)
    {
        if (parameters is null || parameters.Count == 0)
        {
            return Encoding.UTF8.GetBytes(sql);
        }

        var text = new ArrayBufferWriter<byte>(sql.Length + 256);
        var backslashIsPlain = session.BackslashIsPlain();
        var copied = 0;
        for (var i = 0; i < sql.Length;)
        {
            if (sql[i] != '@' || IsPartOfName(sql, i))
            {
                i = Skip(sql, i, backslashIsPlain);
                continue;
            }

            var end = i + 1;
            while (end < sql.Length && (char.IsLetterOrDigit(sql[end]) || sql[end] == '_'))
            {
                end++;
            }

            var name = sql[(i + 1)..end];
            if (name.Length > 0)
            {
                if (!parameters.TryGetValue(name, out var value) && !parameters.TryGetValue("@" + name, out value))
                {
                    throw new MySqlException($"The statement asks for @{name}, for which there is no parameter; given: {string.Join(", ", parameters.Keys)}.", 0, "HY000");
                }

                Append(text, sql.AsSpan(copied, i - copied));
                AppendLiteral(session, text, name, value);
                copied = end;
            }

            i = end;
        }

        Append(text, sql.AsSpan(copied));
        return text.WrittenMemory;
    }

    // user@host and @@variable.
    private static bool IsPartOfName(string sql, int at) =>
        (at > 0 && (sql[at - 1] == '@' || char.IsLetterOrDigit(sql[at - 1]) || sql[at - 1] is '_' or '\'' or '`' or '"'))
        || (at + 1 < sql.Length && sql[at + 1] is '@' or '\'' or '`' or '"');

    /// <summary>The position behind a quoted part or a comment that begins here, else behind one character.</summary>
    private static int Skip(string sql, int at, bool backslashIsPlain)
    {
        var next = at + 1 < sql.Length ? sql[at + 1] : '\0';
        return sql[at] switch
        {
            '\'' or '"' => SkipQuoted(sql, at, backslashIsPlain),
            '`' => SkipQuoted(sql, at, backslashIsPlain: true),
            '#' => SkipTo(sql, at + 1, "\n"),
            '-' when next == '-' && (at + 2 == sql.Length || char.IsWhiteSpace(sql[at + 2]) || char.IsControl(sql[at + 2])) => SkipTo(sql, at + 2, "\n"),
            '/' when next == '*' => SkipTo(sql, at + 2, "*/"),
            _ => at + 1,
        };
    }

    private static int SkipQuoted(string sql, int at, bool backslashIsPlain)
    {
        var quote = sql[at];
        for (var i = at + 1; i < sql.Length; i++)
        {
            if (sql[i] == '\\' && !backslashIsPlain)
            {
                i++;
            }
            else if (sql[i] == quote)
            {
                // A doubled quote begins a new quoted part at once, which comes to the same.
                return i + 1;
            }
        }

        return sql.Length;
    }

    private static int SkipTo(string sql, int from, string end)
    {
        var at = sql.IndexOf(end, from, StringComparison.Ordinal);
        return at < 0 ? sql.Length : at + end.Length;
    }

    private static void AppendLiteral(MySqlSession session, ArrayBufferWriter<byte> text, string name, object? value)
    {
        switch (value)
        {
            case null or DBNull:
                text.Write("NULL"u8);
                break;
            case bool truth:
                text.Write(truth ? "TRUE"u8 : "FALSE"u8);
                break;
            case byte[] bytes:
                AppendBytes(text, bytes);
                break;
            case ReadOnlyMemory<byte> bytes:
                AppendBytes(text, bytes.Span);
                break;
            case Enum choice:
                AppendNumber(text, Enum.Format(choice.GetType(), choice, "D"));
                break;
            case float number when !float.IsFinite(number):
            case double real when !double.IsFinite(real):
                throw new MySqlException($"Parameter @{name} is {value}, which MySQL cannot hold.", 0, "22003");
            case float number:
                AppendNumber(text, number.ToString("E8", CultureInfo.InvariantCulture));
                break;
            case double number:
                AppendNumber(text, number.ToString("E16", CultureInfo.InvariantCulture));
                break;
            case sbyte or byte or short or ushort or int or uint or long or ulong or decimal or System.Numerics.BigInteger:
                AppendNumber(text, ((IFormattable)value).ToString(null, CultureInfo.InvariantCulture));
                break;
            default:
                AppendString(session, text, AsText(name, value));
                break;
        }
    }

    private static string AsText(string name, object value) => value switch
    {
        string s => s,
        char c => c.ToString(),
        Guid id => id.ToString("D"),
        DateOnly date => date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        TimeOnly time => time.ToString("HH:mm:ss.ffffff", CultureInfo.InvariantCulture),
        DateTime moment => moment.ToString("yyyy-MM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture),
        // MySQL's DATETIME has no offset: UTC, as everywhere in Sluice.
        DateTimeOffset moment => moment.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture),
        TimeSpan span => string.Create(
            CultureInfo.InvariantCulture,
            $"{(span < TimeSpan.Zero ? "-" : "")}{(long)Math.Abs(span.TotalHours):00}:{Math.Abs(span.Minutes):00}:{Math.Abs(span.Seconds):00}.{Math.Abs(span.Ticks % TimeSpan.TicksPerSecond) / 10:000000}"),
        JsonElement { ValueKind: JsonValueKind.String } json => json.GetString()!,
        JsonElement json => json.GetRawText(),
        _ => throw new MySqlException($"Parameter @{name} is a {value.GetType().Name}, which is no value of MySQL; give text, a number, a date or bytes.", 0, "HY000"),
    };

    // The blank keeps "5-@x" from becoming the comment "5--3".
    private static void AppendNumber(ArrayBufferWriter<byte> text, string digits) => Append(text, digits[0] == '-' ? " " + digits : digits);

    private static void AppendString(MySqlSession session, ArrayBufferWriter<byte> text, string value)
    {
        text.Write("'"u8);
        session.Escape(Encoding.UTF8.GetBytes(value), text);
        text.Write("'"u8);
    }

    private static void AppendBytes(ArrayBufferWriter<byte> text, ReadOnlySpan<byte> bytes)
    {
        text.Write("x'"u8);
        Append(text, Convert.ToHexString(bytes));
        text.Write("'"u8);
    }

    private static void Append(ArrayBufferWriter<byte> text, ReadOnlySpan<char> chars)
    {
        var room = text.GetSpan(Encoding.UTF8.GetMaxByteCount(chars.Length));
        text.Advance(Encoding.UTF8.GetBytes(chars, room));
    }
}
