using System.Globalization;
using System.Text;

namespace Sluice.Core.Templates.Parsing;

/// <summary>Python's escapes in string literals. An unknown escape keeps its backslash, as Python does.</summary>
internal static class StringEscapes
{
    public static string Decode(Source source, string text, int at)
    {
        var result = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '\\' || i + 1 == text.Length)
            {
                result.Append(text[i]);
                continue;
            }

            var c = text[++i];
            switch (c)
            {
                case '\n':
                    break;
                case '\\' or '\'' or '"':
                    result.Append(c);
                    break;
                case 'a':
                    result.Append('\a');
                    break;
                case 'b':
                    result.Append('\b');
                    break;
                case 'f':
                    result.Append('\f');
                    break;
                case 'n':
                    result.Append('\n');
                    break;
                case 'r':
                    result.Append('\r');
                    break;
                case 't':
                    result.Append('\t');
                    break;
                case 'v':
                    result.Append('\v');
                    break;
                case 'x' or 'u' or 'U':
                    var length = c switch { 'x' => 2, 'u' => 4, _ => 8 };
                    if (i + length >= text.Length
                        || !int.TryParse(text.AsSpan(i + 1, length), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code)
                        || code is < 0 or > 0x10FFFF)
                    {
                        throw source.Error(at + i - 1, $"'\\{c}' needs {length} hexadecimal digits of a character.");
                    }

                    result.Append(code > 0xFFFF ? char.ConvertFromUtf32(code) : ((char)code).ToString());
                    i += length;
                    break;
                case >= '0' and <= '7':
                    var octal = 0;
                    var count = 0;
                    for (; count < 3 && i + count < text.Length && text[i + count] is >= '0' and <= '7'; count++)
                    {
                        octal = (octal * 8) + (text[i + count] - '0');
                    }

                    result.Append((char)octal);
                    i += count - 1;
                    break;
                default:
                    result.Append('\\').Append(c);
                    break;
            }
        }

        return result.ToString();
    }
}
