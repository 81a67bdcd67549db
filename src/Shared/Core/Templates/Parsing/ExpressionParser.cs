using Sluice.Core.Templates.Library;

namespace Sluice.Core.Templates.Parsing;

/// <summary>Reads expressions with Jinja's precedence, which is not Python's everywhere: <c>~</c> binds tighter than <c>+</c>, <c>**</c> to the left.</summary>
internal sealed class ExpressionParser(TokenReader reader, TemplateLibrary library, References references)
{
    /// <summary>Stands for the text of a block to which filters are applied; not a name that a template can write.</summary>
    public const string CapturedName = " captured";

    private static readonly string[] Comparisons = ["==", "!=", "<", "<=", ">", ">="];

    /// <summary>An expression, or a tuple when commas follow it.</summary>
    public Expression ParseTuple(bool withConditional = true, bool mayBeEmpty = false)
    {
        var at = reader.Current.At;
        var items = new List<Expression>();
        var isTuple = false;
        while (!AtTupleEnd())
        {
            items.Add(Parse(withConditional));
            if (!reader.TakeOperator(","))
            {
                break;
            }

            isTuple = true;
        }

        if (!isTuple && items is [var only])
        {
            return only;
        }

        return isTuple || mayBeEmpty ? new ListExpression(at, items, IsTuple: true) : throw reader.Unexpected("an expression");
    }

    public Expression Parse(bool withConditional = true)
    {
        reader.Enter();
        var result = withConditional ? ParseConditional() : ParseOr();
        reader.Leave();
        return result;
    }

    /// <summary>Two leading underscores are the door to the insides of things, in Python; here there is nothing behind it.</summary>
    public void RefuseReserved(Token name)
    {
        if (name.Text.StartsWith("__", StringComparison.Ordinal))
        {
            throw reader.Error(name.At, $"The name '{name.Text}' is not allowed: it begins with two underscores.");
        }
    }

    private bool AtTupleEnd() =>
        reader.Current.Kind is TokenKind.VariableEnd or TokenKind.BlockEnd or TokenKind.End || reader.Current.IsOperator(")");

    private Expression ParseConditional()
    {
        var then = ParseOr();
        while (reader.Current.IsName("if"))
        {
            var at = reader.Take().At;
            var condition = ParseOr();
            var otherwise = reader.TakeName("else") ? Parse() : null;
            then = new ConditionalExpression(at, condition, then, otherwise);
        }

        return then;
    }

    private Expression ParseOr()
    {
        var left = ParseAnd();
        while (reader.Current.IsName("or"))
        {
            var at = reader.Take().At;
            left = new LogicalExpression(at, IsAnd: false, left, ParseAnd());
        }

        return left;
    }

    private Expression ParseAnd()
    {
        var left = ParseNot();
        while (reader.Current.IsName("and"))
        {
            var at = reader.Take().At;
            left = new LogicalExpression(at, IsAnd: true, left, ParseNot());
        }

        return left;
    }

    private Expression ParseNot()
    {
        if (!reader.Current.IsName("not"))
        {
            return ParseComparison();
        }

        reader.Enter();
        var at = reader.Take().At;
        var result = new NotExpression(at, ParseNot());
        reader.Leave();
        return result;
    }

    private Expression ParseComparison()
    {
        var first = ParseSum();
        var rest = new List<(string, Expression)>();
        var at = reader.Current.At;
        while (true)
        {
            if (reader.Current.Kind == TokenKind.Operator && Comparisons.Contains(reader.Current.Text))
            {
                rest.Add((reader.Take().Text, ParseSum()));
            }
            else if (reader.TakeName("in"))
            {
                rest.Add(("in", ParseSum()));
            }
            else if (reader.Current.IsName("not") && reader.Ahead.IsName("in"))
            {
                reader.Take();
                reader.Take();
                rest.Add(("not in", ParseSum()));
            }
            else
            {
                return rest.Count == 0 ? first : new CompareExpression(at, first, rest);
            }
        }
    }

    private Expression ParseSum() => ParseLeft(ParseConcat, "+", "-");

    private Expression ParseConcat()
    {
        var first = ParseProduct();
        if (!reader.Current.IsOperator("~"))
        {
            return first;
        }

        var at = reader.Current.At;
        var items = new List<Expression> { first };
        while (reader.TakeOperator("~"))
        {
            items.Add(ParseProduct());
        }

        return new ConcatExpression(at, items);
    }

    private Expression ParseProduct() => ParseLeft(ParsePower, "*", "/", "//", "%");

    private Expression ParsePower() => ParseLeft(() => ParseUnary(), "**");

    private Expression ParseLeft(Func<Expression> operand, params ReadOnlySpan<string> operators)
    {
        var left = operand();
        while (reader.Current.Kind == TokenKind.Operator && operators.Contains(reader.Current.Text))
        {
            var token = reader.Take();
            left = new BinaryExpression(token.At, token.Text, left, operand());
        }

        return left;
    }

    private Expression ParseUnary(bool withFilter = true)
    {
        Expression node;
        if (reader.Current.IsOperator("-") || reader.Current.IsOperator("+"))
        {
            reader.Enter();
            var sign = reader.Take();
            node = new UnaryExpression(sign.At, sign.Text[0], ParseUnary(withFilter: false));
            reader.Leave();
        }
        else
        {
            node = ParsePrimary();
        }

        node = ParsePostfix(node);
        return withFilter ? ParseFilters(node) : node;
    }

    private Expression ParsePrimary()
    {
        var token = reader.Current;
        switch (token.Kind)
        {
            case TokenKind.Name:
                reader.Take();
                RefuseReserved(token);
                return token.Text switch
                {
                    "true" or "True" => new ConstantExpression(token.At, TemplateValue.True),
                    "false" or "False" => new ConstantExpression(token.At, TemplateValue.False),
                    "none" or "None" => new ConstantExpression(token.At, TemplateValue.None),
                    "in" or "is" or "if" or "else" or "and" or "or" or "not" =>
                        throw reader.Error(token.At, $"Expected an expression, found '{token.Text}'."),
                    _ => NameOf(token),
                };
            case TokenKind.String:
                var text = reader.Take().Text;
                while (reader.Current.Kind == TokenKind.String)
                {
                    text += reader.Take().Text;
                }

                return new ConstantExpression(token.At, TemplateValue.From(text));
            case TokenKind.Integer:
                reader.Take();
                return new ConstantExpression(token.At, TemplateValue.From(token.Integer));
            case TokenKind.Float:
                reader.Take();
                return new ConstantExpression(token.At, TemplateValue.From(token.Float));
            case TokenKind.Operator when token.Text == "(":
                reader.Take();
                var inner = ParseTuple(mayBeEmpty: true);
                reader.ExpectOperator(")");
                return inner;
            case TokenKind.Operator when token.Text == "[":
                reader.Take();
                return ParseList(token.At);
            case TokenKind.Operator when token.Text == "{":
                reader.Take();
                return ParseDictionary(token.At);
            default:
                throw reader.Unexpected("an expression");
        }
    }

    /// <summary>A filter's name and arguments, and those after it, over the text of a block.</summary>
    public Expression ParseBlockFilters(Token tag) => ParseFilters(new NameExpression(tag.At, CapturedName), startsWithName: true);

    /// <summary>As after the name of a set block: there must be a | first.</summary>
    public Expression ParseSetFilters(Token tag) => ParseFilters(new NameExpression(tag.At, CapturedName));

    private NameExpression NameOf(Token token)
    {
        references.Names.Add(token.Text);
        return new(token.At, token.Text);
    }

    private ListExpression ParseList(int at)
    {
        var items = new List<Expression>();
        while (!reader.TakeOperator("]"))
        {
            items.Add(Parse());
            if (!reader.Current.IsOperator("]"))
            {
                reader.ExpectOperator(",");
            }
        }

        return new(at, items, IsTuple: false);
    }

    private DictionaryExpression ParseDictionary(int at)
    {
        var items = new List<(Expression, Expression)>();
        while (!reader.TakeOperator("}"))
        {
            var key = Parse();
            reader.ExpectOperator(":");
            items.Add((key, Parse()));
            if (!reader.Current.IsOperator("}"))
            {
                reader.ExpectOperator(",");
            }
        }

        return new(at, items);
    }

    private Expression ParsePostfix(Expression node)
    {
        while (true)
        {
            if (reader.Current.IsOperator("."))
            {
                reader.Take();
                var name = reader.Take();
                if (name.Kind == TokenKind.Integer)
                {
                    node = new IndexExpression(name.At, node, new ConstantExpression(name.At, TemplateValue.From(name.Integer)));
                    continue;
                }

                if (name.Kind != TokenKind.Name)
                {
                    throw reader.Error(name.At, $"Expected the name of an attribute after '.', found {name.Describe()}.");
                }

                RefuseReserved(name);
                node = new AttributeExpression(name.At, node, name.Text);
            }
            else if (reader.Current.IsOperator("["))
            {
                node = ParseSubscript(node, reader.Take().At);
            }
            else if (reader.Current.IsOperator("("))
            {
                node = new CallExpression(reader.Current.At, node, ParseArguments());
            }
            else
            {
                return node;
            }
        }
    }

    private Expression ParseSubscript(Expression node, int at)
    {
        var start = reader.Current.IsOperator(":") ? null : Parse();
        if (start is not null && !reader.Current.IsOperator(":"))
        {
            reader.ExpectOperator("]");
            return new IndexExpression(at, node, start);
        }

        reader.ExpectOperator(":");
        var stop = AtSliceEnd() ? null : Parse();
        var step = reader.TakeOperator(":") && !AtSliceEnd() ? Parse() : null;
        reader.ExpectOperator("]");
        return new SliceExpression(at, node, start, stop, step);

        bool AtSliceEnd() => reader.Current.IsOperator(":") || reader.Current.IsOperator("]");
    }

    private CallArguments ParseArguments()
    {
        reader.ExpectOperator("(");
        var positional = new List<Expression>();
        var named = new List<(string Name, Expression Value)>();
        Expression? morePositional = null;
        Expression? moreNamed = null;
        while (!reader.TakeOperator(")"))
        {
            var token = reader.Current;
            if (token.IsOperator("*") || token.IsOperator("**"))
            {
                reader.Take();
                if (moreNamed is not null || (token.Text == "*" && morePositional is not null))
                {
                    throw reader.Error(token.At, "* and ** may stand once each, at the end of the arguments.");
                }

                (morePositional, moreNamed) = token.Text == "*" ? (Parse(), moreNamed) : (morePositional, Parse());
            }
            else if (token.Kind == TokenKind.Name && reader.Ahead.IsOperator("="))
            {
                reader.Take();
                reader.Take();
                if (named.Any(x => x.Name == token.Text))
                {
                    throw reader.Error(token.At, $"The argument '{token.Text}' is given twice.");
                }

                named.Add((token.Text, Parse()));
            }
            else if (named.Count > 0 || morePositional is not null || moreNamed is not null)
            {
                throw reader.Error(token.At, "A positional argument cannot follow a named one.");
            }
            else
            {
                positional.Add(Parse());
            }

            if (!reader.Current.IsOperator(")"))
            {
                reader.ExpectOperator(",");
            }
        }

        return positional.Count + named.Count == 0 && morePositional is null && moreNamed is null
            ? CallArguments.None
            : new(positional, named) { MorePositional = morePositional, MoreNamed = moreNamed };
    }

    private Expression ParseFilters(Expression node, bool startsWithName = false)
    {
        while (true)
        {
            if (startsWithName || reader.TakeOperator("|"))
            {
                startsWithName = false;
                var name = reader.ExpectName("the name of a filter");
                if (!Filters.Exists(name.Text) && !library.Filters.ContainsKey(name.Text))
                {
                    throw reader.Error(name.At, $"There is no filter '{name.Text}'{Suggestion.For(name.Text, Filters.Names.Concat(library.Filters.Keys))}.");
                }

                references.Filters.Add(name.Text);
                var arguments = reader.Current.IsOperator("(") ? ParseArguments() : CallArguments.None;
                node = new FilterExpression(name.At, node, name.Text, arguments);
            }
            else if (reader.TakeName("is"))
            {
                node = ParseTest(node);
            }
            else if (reader.Current.IsOperator("("))
            {
                node = new CallExpression(reader.Current.At, node, ParseArguments());
            }
            else
            {
                return node;
            }
        }
    }

    private Expression ParseTest(Expression node)
    {
        var negated = reader.TakeName("not");
        var name = reader.ExpectName("the name of a test");
        if (!ValueTests.Exists(name.Text))
        {
            throw reader.Error(name.At, $"There is no test '{name.Text}'{Suggestion.For(name.Text, ValueTests.Names)}.");
        }

        var arguments = CallArguments.None;
        var next = reader.Current;
        if (next.IsOperator("("))
        {
            arguments = ParseArguments();
        }
        else if ((next.Kind is TokenKind.String or TokenKind.Integer or TokenKind.Float || next.IsOperator("[") || next.IsOperator("{"))
            || (next.Kind == TokenKind.Name && next.Text is not ("else" or "or" or "and" or "if" or "in" or "not")))
        {
            if (next.Text == "is" && next.Kind == TokenKind.Name)
            {
                throw reader.Error(next.At, "Tests with 'is' cannot be chained.");
            }

            arguments = new([ParsePostfix(ParsePrimary())], []);
        }

        Expression test = new TestExpression(name.At, node, name.Text, arguments);
        return negated ? new NotExpression(name.At, test) : test;
    }
}
