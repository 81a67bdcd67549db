namespace Sluice.Core.Templates.Parsing;

/// <summary>Walks over the tokens, and keeps count of how deep the parser is.</summary>
internal sealed class TokenReader(Source source, IReadOnlyList<Token> tokens, int maxDepth)
{
    private int _next;
    private int _depth;

    public Token Current => tokens[_next];

    public Token Ahead => tokens[Math.Min(_next + 1, tokens.Count - 1)];

    public Token Take()
    {
        var token = tokens[_next];
        _next = Math.Min(_next + 1, tokens.Count - 1);
        return token;
    }

    public bool TakeOperator(string text)
    {
        if (!Current.IsOperator(text))
        {
            return false;
        }

        Take();
        return true;
    }

    public bool TakeName(string text)
    {
        if (!Current.IsName(text))
        {
            return false;
        }

        Take();
        return true;
    }

    public Token ExpectOperator(string text) => Current.IsOperator(text) ? Take() : throw Unexpected($"'{text}'");

    public Token ExpectName(string what) => Current.Kind == TokenKind.Name ? Take() : throw Unexpected(what);

    public void Expect(TokenKind kind, string what)
    {
        if (Current.Kind != kind)
        {
            throw Unexpected(what);
        }

        Take();
    }

    public TemplateException Unexpected(string expected) => Error(Current.At, $"Expected {expected}, found {Current.Describe()}.");

    public TemplateException Error(int at, string sentence) => source.Error(at, sentence);

    public void Enter()
    {
        if (++_depth > maxDepth)
        {
            throw Error(Current.At, $"The template is nested deeper than {maxDepth} levels.");
        }
    }

    public void Leave() => _depth--;
}
