namespace Sluice.Core.Templates.Parsing;

/// <summary>Reads the body of a template: text, <c>{{ }}</c> and the tags.</summary>
internal sealed class TemplateParser
{
    private const string KnownTags = "if, for, set and raw";

    private readonly TokenReader _reader;
    private readonly ExpressionParser _expressions;

    public TemplateParser(Source source, IReadOnlyList<Token> tokens, int maxDepth)
    {
        _reader = new(source, tokens, maxDepth);
        _expressions = new(_reader);
    }

    public IReadOnlyList<Statement> Parse()
    {
        var body = ParseBody(null, []);
        return _reader.Current.Kind == TokenKind.End ? body : throw _reader.Unexpected("the end of the template");
    }

    // Stops before the name of a closing tag, with its {% taken.
    private List<Statement> ParseBody(Token? opening, ReadOnlySpan<string> closing)
    {
        _reader.Enter();
        var body = new List<Statement>();
        while (true)
        {
            var token = _reader.Current;
            switch (token.Kind)
            {
                case TokenKind.Text:
                    _reader.Take();
                    body.Add(new TextStatement(token.At, token.Text));
                    break;
                case TokenKind.VariableBegin:
                    _reader.Take();
                    body.Add(new PrintStatement(token.At, _expressions.ParseTuple()));
                    _reader.Expect(TokenKind.VariableEnd, "'}}'");
                    break;
                case TokenKind.BlockBegin:
                    _reader.Take();
                    if (_reader.Current.Kind == TokenKind.Name && closing.Contains(_reader.Current.Text))
                    {
                        _reader.Leave();
                        return body;
                    }

                    body.Add(ParseTag());
                    break;
                case TokenKind.End when opening is { } open:
                    throw _reader.Error(open.At, $"The tag '{open.Text}' is never closed: {{% {closing[^1]} %}} is missing.");
                default:
                    _reader.Leave();
                    return body;
            }
        }
    }

    private Statement ParseTag()
    {
        var name = _reader.ExpectName($"the name of a tag ({KnownTags})");
        return name.Text switch
        {
            "if" => ParseIf(name),
            "for" => ParseFor(name),
            "set" => ParseSet(name),
            "else" or "elif" or "endif" or "endfor" or "endset" or "endraw" =>
                throw _reader.Error(name.At, $"'{name.Text}' does not belong to any open tag here."),
            _ => throw _reader.Error(name.At, $"There is no tag '{name.Text}'; the tags are {KnownTags}."),
        };
    }

    private void EndTag() => _reader.Expect(TokenKind.BlockEnd, "'%}'");

    private IfStatement ParseIf(Token tag)
    {
        var branches = new List<IfBranch>();
        while (true)
        {
            var condition = _expressions.ParseTuple();
            EndTag();
            branches.Add(new(condition, ParseBody(tag, ["elif", "else", "endif"])));
            var next = _reader.Take();
            if (next.Text == "elif")
            {
                continue;
            }

            IReadOnlyList<Statement> otherwise = [];
            if (next.Text == "else")
            {
                EndTag();
                otherwise = ParseBody(tag, ["endif"]);
                _reader.Take();
            }

            EndTag();
            return new(tag.At, branches, otherwise);
        }
    }

    private ForStatement ParseFor(Token tag)
    {
        var target = ParseTargets(allowAttribute: false, end: "in");
        if (!_reader.TakeName("in"))
        {
            throw _reader.Unexpected("'in'");
        }

        var items = _expressions.ParseTuple(withConditional: false);
        var filter = _reader.TakeName("if") ? _expressions.Parse() : null;
        if (_reader.Current.IsName("recursive"))
        {
            throw _reader.Error(_reader.Current.At, "Recursive loops are not part of this template language.");
        }

        EndTag();
        var body = ParseBody(tag, ["else", "endfor"]);
        IReadOnlyList<Statement> otherwise = [];
        if (_reader.Take().Text == "else")
        {
            EndTag();
            otherwise = ParseBody(tag, ["endfor"]);
            _reader.Take();
        }

        EndTag();
        return new(tag.At, target, items, filter, body, otherwise);
    }

    private Statement ParseSet(Token tag)
    {
        var target = ParseTargets(allowAttribute: true, end: "=");
        if (_reader.TakeOperator("="))
        {
            var value = _expressions.ParseTuple();
            EndTag();
            return new SetStatement(tag.At, target, value);
        }

        EndTag();
        var body = ParseBody(tag, ["endset"]);
        _reader.Take();
        EndTag();
        return new SetBlockStatement(tag.At, target, body);
    }

    private Target ParseTargets(bool allowAttribute, string end)
    {
        var first = ParseTarget(allowAttribute);
        if (!_reader.Current.IsOperator(","))
        {
            return first;
        }

        var items = new List<Target> { first };
        while (_reader.TakeOperator(",") && !_reader.Current.IsName(end) && !_reader.Current.IsOperator(end) && !_reader.Current.IsOperator(")"))
        {
            items.Add(ParseTarget(allowAttribute));
        }

        return new TupleTarget(first.At, items);
    }

    private Target ParseTarget(bool allowAttribute)
    {
        if (_reader.TakeOperator("("))
        {
            _reader.Enter();
            var inner = ParseTargets(allowAttribute, ")");
            _reader.ExpectOperator(")");
            _reader.Leave();
            return inner;
        }

        var name = _reader.ExpectName("a name to assign to");
        if (name.Text is "true" or "True" or "false" or "False" or "none" or "None" or "loop" or "not" or "in" or "and" or "or" or "if" or "is" or "else")
        {
            throw _reader.Error(name.At, $"'{name.Text}' cannot be assigned to.");
        }

        _expressions.RefuseReserved(name);
        if (!allowAttribute || !_reader.TakeOperator("."))
        {
            return new NameTarget(name.At, name.Text);
        }

        var attribute = _reader.ExpectName("the name of an attribute");
        _expressions.RefuseReserved(attribute);
        return new AttributeTarget(name.At, name.Text, attribute.Text);
    }
}
