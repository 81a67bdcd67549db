namespace Sluice.Core.Templates.Parsing;

/// <summary>Reads the body of a template: text, <c>{{ }}</c> and the tags.</summary>
internal sealed class TemplateParser
{
    private const string KnownTags = "if, for, set, with, do, filter, macro, call, include, import, from and raw";

    private readonly TokenReader _reader;
    private readonly ExpressionParser _expressions;

    public TemplateParser(Source source, IReadOnlyList<Token> tokens, int maxDepth, TemplateLibrary library)
    {
        _reader = new(source, tokens, maxDepth);
        _expressions = new(_reader, library, References);
    }

    /// <summary>What has been named so far.</summary>
    public References References { get; } = new();

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
            "with" => ParseWith(name),
            "do" => ParseDo(name),
            "filter" => ParseFilter(name),
            "macro" => ParseMacro(name),
            "call" => ParseCall(name),
            "include" => ParseInclude(name),
            "import" => ParseImport(name),
            "from" => ParseFrom(name),
            "extends" or "block" or "trans" or "autoescape" or "break" or "continue" =>
                throw _reader.Error(name.At, $"The tag '{name.Text}' is not part of this template language; the tags are {KnownTags}."),
            "else" or "elif" or "endif" or "endfor" or "endset" or "endraw" or "endwith" or "endfilter" or "endmacro" or "endcall" =>
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
        var recursive = _reader.TakeName("recursive");
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
        return new(tag.At, target, items, filter, recursive, body, otherwise);
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

        var filters = _reader.Current.IsOperator("|") ? _expressions.ParseSetFilters(tag) : null;
        return new SetBlockStatement(tag.At, target, filters, ParseBlock(tag, "endset"));
    }

    // From the end of the opening tag to the end of the closing one.
    private List<Statement> ParseBlock(Token tag, string closing)
    {
        EndTag();
        var body = ParseBody(tag, [closing]);
        _reader.Take();
        EndTag();
        return body;
    }

    private WithStatement ParseWith(Token tag)
    {
        var names = new List<(Target, Expression)>();
        while (_reader.Current.Kind != TokenKind.BlockEnd)
        {
            if (names.Count > 0)
            {
                _reader.ExpectOperator(",");
            }

            var target = ParseTarget(allowAttribute: false);
            _reader.ExpectOperator("=");
            names.Add((target, _expressions.Parse()));
        }

        return new(tag.At, names, ParseBlock(tag, "endwith"));
    }

    private DoStatement ParseDo(Token tag)
    {
        var value = _expressions.ParseTuple();
        EndTag();
        return new(tag.At, value);
    }

    private FilterStatement ParseFilter(Token tag)
    {
        var filters = _expressions.ParseBlockFilters(tag);
        return new(tag.At, filters, ParseBlock(tag, "endfilter"));
    }

    private MacroStatement ParseMacro(Token tag)
    {
        var name = _reader.ExpectName("the name of the macro");
        _expressions.RefuseReserved(name);
        var parameters = ParseParameters();
        return ParseMacroBody(tag, name.Text, parameters, "endmacro");
    }

    private CallStatement ParseCall(Token tag)
    {
        IReadOnlyList<MacroParameter> parameters = _reader.Current.IsOperator("(") ? ParseParameters() : [];
        var at = _reader.Current.At;
        if (_expressions.Parse() is not CallExpression call)
        {
            throw _reader.Error(at, "Expected the call of a macro, such as box('title').");
        }

        return new(tag.At, ParseMacroBody(tag, "caller", parameters, "endcall"), call);
    }

    // Whether a macro takes more arguments than it has parameters is told by what its body names.
    private MacroStatement ParseMacroBody(Token tag, string name, IReadOnlyList<MacroParameter> parameters, string closing)
    {
        var (varargs, kwargs) = (References.Names.Remove("varargs"), References.Names.Remove("kwargs"));
        var body = ParseBlock(tag, closing);
        var macro = new MacroStatement(tag.At, name, parameters, body)
        {
            UsesVarargs = References.Names.Contains("varargs"),
            UsesKwargs = References.Names.Contains("kwargs"),
        };
        References.Names.UnionWith(varargs ? ["varargs"] : []);
        References.Names.UnionWith(kwargs ? ["kwargs"] : []);
        return macro;
    }

    private List<MacroParameter> ParseParameters()
    {
        var parameters = new List<MacroParameter>();
        _reader.ExpectOperator("(");
        while (!_reader.TakeOperator(")"))
        {
            var name = _reader.ExpectName("the name of a parameter");
            _expressions.RefuseReserved(name);
            if (parameters.Any(x => x.Name == name.Text))
            {
                throw _reader.Error(name.At, $"The parameter '{name.Text}' is named twice.");
            }

            var otherwise = _reader.TakeOperator("=") ? _expressions.Parse() : null;
            if (otherwise is null && parameters is [.., { Default: not null }])
            {
                throw _reader.Error(name.At, "A parameter without a default cannot follow one that has one.");
            }

            parameters.Add(new(name.Text, otherwise));
            if (!_reader.Current.IsOperator(")"))
            {
                _reader.ExpectOperator(",");
            }
        }

        return parameters;
    }

    private IncludeStatement ParseInclude(Token tag)
    {
        var files = new List<string>();
        if (_reader.TakeOperator("["))
        {
            while (!_reader.TakeOperator("]"))
            {
                files.Add(ParseFile());
                if (!_reader.Current.IsOperator("]"))
                {
                    _reader.ExpectOperator(",");
                }
            }
        }
        else
        {
            files.Add(ParseFile());
        }

        var mayBeMissing = _reader.TakeName("ignore");
        if (mayBeMissing && !_reader.TakeName("missing"))
        {
            throw _reader.Unexpected("'missing'");
        }

        References.Files.AddRange(files.Select(file => new FileReference(file, mayBeMissing || files.Count > 1, tag.At)));
        var withContext = ParseContext(otherwise: true);
        EndTag();
        return new(tag.At, files, mayBeMissing, withContext);
    }

    private ImportStatement ParseImport(Token tag)
    {
        var file = ParseImportedFile(tag);
        if (!_reader.TakeName("as"))
        {
            throw _reader.Unexpected("'as'");
        }

        var name = _reader.ExpectName("a name for what is imported");
        _expressions.RefuseReserved(name);
        var withContext = ParseContext(otherwise: false);
        EndTag();
        return new(tag.At, file, name.Text, [], withContext);
    }

    private ImportStatement ParseFrom(Token tag)
    {
        var file = ParseImportedFile(tag);
        if (!_reader.TakeName("import"))
        {
            throw _reader.Unexpected("'import'");
        }

        var members = new List<(string, string)>();
        var withContext = false;
        do
        {
            if (members.Count > 0 && _reader.Current.Kind == TokenKind.BlockEnd)
            {
                break;
            }

            var name = _reader.ExpectName("a name to import");
            if (name.Text.StartsWith('_'))
            {
                throw _reader.Error(name.At, $"'{name.Text}' cannot be imported: names that begin with an underscore are the file's own.");
            }

            members.Add((name.Text, _reader.TakeName("as") ? _reader.ExpectName("a name").Text : name.Text));
            withContext = ParseContext(otherwise: false);
        }
        while (_reader.TakeOperator(","));

        EndTag();
        return new(tag.At, file, null, members, withContext);
    }

    private bool ParseContext(bool otherwise)
    {
        if (_reader.Current.IsName("with") || _reader.Current.IsName("without"))
        {
            otherwise = _reader.Take().Text == "with";
            if (!_reader.TakeName("context"))
            {
                throw _reader.Unexpected("'context'");
            }
        }

        return otherwise;
    }

    private string ParseImportedFile(Token tag)
    {
        var file = ParseFile();
        References.Files.Add(new(file, MayBeMissing: false, tag.At));
        return file;
    }

    // Files travel with the Dag, so their names must be known when it is defined.
    private string ParseFile()
    {
        if (_reader.Current.Kind != TokenKind.String)
        {
            throw _reader.Error(_reader.Current.At, "The name of a file must be written as text, such as 'sql/header.sql': the files of a Dag are gathered when it is defined.");
        }

        return _reader.Take().Text;
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
