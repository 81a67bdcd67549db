using System.Globalization;
using System.Numerics;

namespace Sluice.Core.Templates.Parsing;

/// <summary>Cuts a template into tokens, as Jinja does: brackets are balanced, so <c>}}</c> may stand inside a dict.</summary>
internal sealed class Lexer(Source source)
{
    private static readonly string[] Operators =
        ["**", "//", "==", "!=", "<=", ">=", "+", "-", "*", "/", "%", "~", "<", ">", "=", ".", ":", "|", ",", "(", ")", "[", "]", "{", "}"];

    private readonly string _text = source.Text;
    private readonly List<Token> _tokens = [];
    private readonly Stack<char> _open = [];
    private int _at;

    public List<Token> Read()
    {
        while (_at < _text.Length)
        {
            var tag = NextTag();
            if (tag < 0)
            {
                AddText(_at, _text.Length);
                break;
            }

            var sign = tag + 2 < _text.Length ? _text[tag + 2] : '\0';
            AddText(_at, sign == '-' ? TrimmedEnd(tag) : tag);
            _at = tag + (sign is '-' or '+' ? 3 : 2);
            switch (_text[tag + 1])
            {
                case '#':
                    SkipComment(tag);
                    break;
                case '{':
                    ReadTag(tag, TokenKind.VariableBegin, TokenKind.VariableEnd, "}}");
                    break;
                default:
                    if (!TryReadRaw(tag))
                    {
                        ReadTag(tag, TokenKind.BlockBegin, TokenKind.BlockEnd, "%}");
                    }

                    break;
            }
        }

        _tokens.Add(new(TokenKind.End, "", _text.Length));
        return _tokens;
    }

    private int NextTag()
    {
        for (var i = _at; (i = _text.IndexOf('{', i)) >= 0 && i + 1 < _text.Length; i++)
        {
            if (_text[i + 1] is '{' or '%' or '#')
            {
                return i;
            }
        }

        return -1;
    }

    private int TrimmedEnd(int end)
    {
        while (end > _at && char.IsWhiteSpace(_text[end - 1]))
        {
            end--;
        }

        return end;
    }

    private void AddText(int from, int to)
    {
        if (to > from)
        {
            _tokens.Add(new(TokenKind.Text, _text[from..to], from));
        }
    }

    private void SkipSpace()
    {
        while (_at < _text.Length && char.IsWhiteSpace(_text[_at]))
        {
            _at++;
        }
    }

    private void SkipComment(int tag)
    {
        var end = _text.IndexOf("#}", _at, StringComparison.Ordinal);
        if (end < 0)
        {
            throw source.Error(tag, "The comment is never closed: '#}' is missing.");
        }

        var trims = end > tag + 2 && _text[end - 1] == '-';
        _at = end + 2;
        if (trims)
        {
            SkipSpace();
        }
    }

    // Matches [-+]? %} with the leading sign; consumes what follows when the sign trims.
    private bool TryEndTag(string close, ref int at)
    {
        var i = at;
        var trims = i < _text.Length && _text[i] == '-';
        if (trims || (close == "%}" && i < _text.Length && _text[i] == '+'))
        {
            i++;
        }

        if (string.CompareOrdinal(_text, i, close, 0, 2) != 0)
        {
            return false;
        }

        at = i + 2;
        while (trims && at < _text.Length && char.IsWhiteSpace(_text[at]))
        {
            at++;
        }

        return true;
    }

    private bool TryReadRaw(int tag)
    {
        var at = _at;
        if (!TryWord("raw", ref at) || !TryEndTag("%}", ref at))
        {
            return false;
        }

        for (var i = at; (i = _text.IndexOf("{%", i, StringComparison.Ordinal)) >= 0; i++)
        {
            var end = i + 2;
            var trims = end < _text.Length && _text[end] == '-';
            end += trims || (end < _text.Length && _text[end] == '+') ? 1 : 0;
            if (TryWord("endraw", ref end) && TryEndTag("%}", ref end))
            {
                _at = at;
                AddText(at, trims ? TrimmedEnd(i) : i);
                _at = end;
                return true;
            }
        }

        throw source.Error(tag, "The raw block is never closed: {% endraw %} is missing.");
    }

    private bool TryWord(string word, ref int at)
    {
        var i = at;
        while (i < _text.Length && char.IsWhiteSpace(_text[i]))
        {
            i++;
        }

        if (string.CompareOrdinal(_text, i, word, 0, word.Length) != 0)
        {
            return false;
        }

        i += word.Length;
        while (i < _text.Length && char.IsWhiteSpace(_text[i]))
        {
            i++;
        }

        at = i;
        return true;
    }

    private void ReadTag(int tag, TokenKind begin, TokenKind end, string close)
    {
        _tokens.Add(new(begin, _text.Substring(tag, 2), tag));
        _open.Clear();
        while (true)
        {
            SkipSpace();
            if (_at >= _text.Length)
            {
                throw source.Error(tag, $"The tag is never closed: '{close}' is missing.");
            }

            var start = _at;
            if (_open.Count == 0 && TryEndTag(close, ref _at))
            {
                _tokens.Add(new(end, close, start));
                return;
            }

            var c = _text[_at];
            if (c is '"' or '\'')
            {
                ReadString(c);
            }
            else if (char.IsAsciiDigit(c))
            {
                ReadNumber();
            }
            else if (char.IsLetter(c) || c == '_')
            {
                while (_at < _text.Length && (char.IsLetterOrDigit(_text[_at]) || _text[_at] == '_'))
                {
                    _at++;
                }

                _tokens.Add(new(TokenKind.Name, _text[start.._at], start));
            }
            else
            {
                ReadOperator();
            }
        }
    }

    private void ReadString(char quote)
    {
        var start = _at++;
        while (_at < _text.Length && _text[_at] != quote)
        {
            _at += _text[_at] == '\\' ? 2 : 1;
        }

        if (_at >= _text.Length)
        {
            throw source.Error(start, "The string is never closed.");
        }

        var text = _text[(start + 1).._at++];
        _tokens.Add(new(TokenKind.String, text.Contains('\\') ? StringEscapes.Decode(source, text, start + 1) : text, start));
    }

    private void ReadNumber()
    {
        var start = _at;
        if (_text[_at] == '0' && _at + 1 < _text.Length && char.ToLowerInvariant(_text[_at + 1]) is 'x' or 'o' or 'b')
        {
            var radix = char.ToLowerInvariant(_text[_at + 1]) switch { 'x' => 16, 'o' => 8, _ => 2 };
            _at += 2;
            var digits = Digits(radix);
            if (digits.Length == 0)
            {
                throw source.Error(start, "A number with a base needs digits.");
            }

            var number = digits.Aggregate(BigInteger.Zero, (sum, x) => (sum * radix) + Convert.ToInt32(x.ToString(), 16));
            _tokens.Add(new(TokenKind.Integer, _text[start.._at], start, number));
            return;
        }

        var text = Digits(10);
        var isFloat = false;
        if (_at + 1 < _text.Length && _text[_at] == '.' && char.IsAsciiDigit(_text[_at + 1]) && !AfterDot(start))
        {
            _at++;
            text += "." + Digits(10);
            isFloat = true;
        }

        if (_at < _text.Length && _text[_at] is 'e' or 'E' && !AfterDot(start))
        {
            var digits = _at + 1 < _text.Length && _text[_at + 1] is '+' or '-' ? _at + 2 : _at + 1;
            if (digits < _text.Length && char.IsAsciiDigit(_text[digits]))
            {
                text += _text[_at..digits];
                _at = digits;
                text += Digits(10);
                isFloat = true;
            }
        }

        if (isFloat)
        {
            _tokens.Add(new(TokenKind.Float, _text[start.._at], start, default, double.Parse(text, CultureInfo.InvariantCulture)));
            return;
        }

        if (text.Length > 1 && text[0] == '0' && text.Any(x => x != '0'))
        {
            throw source.Error(start, $"'{text}' is not a number: leading zeros are not allowed.");
        }

        if (text.Length > Python.PythonNumbers.MaxDigits)
        {
            throw source.Error(start, $"The number has more than {Python.PythonNumbers.MaxDigits} digits.");
        }

        _tokens.Add(new(TokenKind.Integer, _text[start.._at], start, BigInteger.Parse(text, CultureInfo.InvariantCulture)));
    }

    // In x.0.1 the numbers are two indices, not 0.1.
    private bool AfterDot(int start) => start > 0 && _text[start - 1] == '.';

    private string Digits(int radix)
    {
        var start = _at;
        while (_at < _text.Length && (IsDigit(_text[_at]) || (_text[_at] == '_' && _at + 1 < _text.Length && IsDigit(_text[_at + 1]))))
        {
            _at++;
        }

        return _text[start.._at].Replace("_", "");

        bool IsDigit(char c) => radix == 16 ? char.IsAsciiHexDigit(c) : c >= '0' && c < '0' + radix;
    }

    private void ReadOperator()
    {
        var text = Operators.FirstOrDefault(x => string.CompareOrdinal(_text, _at, x, 0, x.Length) == 0)
            ?? throw source.Error(_at, $"The character '{_text[_at]}' has no meaning here.");
        switch (text[0])
        {
            case '(' or '[' or '{':
                _open.Push(text[0] switch { '(' => ')', '[' => ']', _ => '}' });
                break;
            case ')' or ']' or '}' when !_open.TryPop(out var expected) || expected != text[0]:
                throw source.Error(_at, expected == default ? $"Unexpected '{text}'." : $"Unexpected '{text}', expected '{expected}'.");
        }

        _tokens.Add(new(TokenKind.Operator, text, _at));
        _at += text.Length;
    }
}
