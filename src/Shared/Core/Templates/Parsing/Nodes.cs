namespace Sluice.Core.Templates.Parsing;

/// <summary>A piece of a template's body. <c>At</c> is its offset in the source.</summary>
internal abstract record Statement(int At);

internal sealed record TextStatement(int At, string Text) : Statement(At);

internal sealed record PrintStatement(int At, Expression Value) : Statement(At);

internal sealed record IfStatement(int At, IReadOnlyList<IfBranch> Branches, IReadOnlyList<Statement> Else) : Statement(At);

internal sealed record IfBranch(Expression Condition, IReadOnlyList<Statement> Body);

internal sealed record ForStatement(
    int At, Target Target, Expression Items, Expression? Filter, bool IsRecursive, IReadOnlyList<Statement> Body, IReadOnlyList<Statement> Else) : Statement(At);

internal sealed record SetStatement(int At, Target Target, Expression Value) : Statement(At);

/// <summary><c>{% set x %}...{% endset %}</c>. The filters, if any, stand over <see cref="ExpressionParser.CapturedName"/>.</summary>
internal sealed record SetBlockStatement(int At, Target Target, Expression? Filters, IReadOnlyList<Statement> Body) : Statement(At);

/// <summary><c>{% filter upper %}...{% endfilter %}</c>.</summary>
internal sealed record FilterStatement(int At, Expression Filters, IReadOnlyList<Statement> Body) : Statement(At);

/// <summary><c>{% with a = 1 %}...{% endwith %}</c>.</summary>
internal sealed record WithStatement(int At, IReadOnlyList<(Target Target, Expression Value)> Names, IReadOnlyList<Statement> Body) : Statement(At);

/// <summary><c>{% do x.append(1) %}</c>: evaluated, not printed.</summary>
internal sealed record DoStatement(int At, Expression Value) : Statement(At);

/// <summary><c>{% macro name(a, b=1) %}...{% endmacro %}</c>, and the nameless macro in a call block.</summary>
internal sealed record MacroStatement(int At, string Name, IReadOnlyList<MacroParameter> Parameters, IReadOnlyList<Statement> Body) : Statement(At)
{
    /// <summary>Its body names <c>varargs</c>: more arguments than parameters are welcome.</summary>
    public bool UsesVarargs { get; init; }

    /// <summary>Its body names <c>kwargs</c>.</summary>
    public bool UsesKwargs { get; init; }
}

internal sealed record MacroParameter(string Name, Expression? Default);

/// <summary><c>{% call macro() %}...{% endcall %}</c>.</summary>
internal sealed record CallStatement(int At, MacroStatement Caller, CallExpression Call) : Statement(At);

/// <summary><c>{% include 'file' %}</c>; several names: the first that there is.</summary>
internal sealed record IncludeStatement(int At, IReadOnlyList<string> Files, bool MayBeMissing, bool WithContext) : Statement(At);

/// <summary><c>{% import 'file' as name %}</c> and <c>{% from 'file' import a, b as c %}</c>.</summary>
internal sealed record ImportStatement(int At, string File, string? Name, IReadOnlyList<(string Name, string Alias)> Members, bool WithContext) : Statement(At);

/// <summary>What a loop or a set assigns to.</summary>
internal abstract record Target(int At);

internal sealed record NameTarget(int At, string Name) : Target(At);

/// <summary><c>ns.x</c> of a <c>namespace()</c>.</summary>
internal sealed record AttributeTarget(int At, string Namespace, string Name) : Target(At);

internal sealed record TupleTarget(int At, IReadOnlyList<Target> Items) : Target(At);

internal abstract record Expression(int At);

internal sealed record ConstantExpression(int At, TemplateValue Value) : Expression(At);

internal sealed record NameExpression(int At, string Name) : Expression(At);

internal sealed record ListExpression(int At, IReadOnlyList<Expression> Items, bool IsTuple) : Expression(At);

internal sealed record DictionaryExpression(int At, IReadOnlyList<(Expression Key, Expression Value)> Items) : Expression(At);

internal sealed record AttributeExpression(int At, Expression Target, string Name) : Expression(At);

internal sealed record IndexExpression(int At, Expression Target, Expression Index) : Expression(At);

internal sealed record SliceExpression(int At, Expression Target, Expression? Start, Expression? Stop, Expression? Step) : Expression(At);

internal sealed record CallExpression(int At, Expression Target, CallArguments Arguments) : Expression(At);

internal sealed record FilterExpression(int At, Expression Value, string Name, CallArguments Arguments) : Expression(At);

internal sealed record TestExpression(int At, Expression Value, string Name, CallArguments Arguments) : Expression(At);

internal sealed record CallArguments(IReadOnlyList<Expression> Positional, IReadOnlyList<(string Name, Expression Value)> Named)
{
    /// <summary><c>*list</c>, after the others.</summary>
    public Expression? MorePositional { get; init; }

    /// <summary><c>**dict</c>, after the others.</summary>
    public Expression? MoreNamed { get; init; }

    public static CallArguments None { get; } = new([], []);
}

internal sealed record UnaryExpression(int At, char Operator, Expression Operand) : Expression(At);

internal sealed record BinaryExpression(int At, string Operator, Expression Left, Expression Right) : Expression(At);

internal sealed record ConcatExpression(int At, IReadOnlyList<Expression> Items) : Expression(At);

internal sealed record NotExpression(int At, Expression Operand) : Expression(At);

/// <summary><c>and</c> and <c>or</c>: the value is the operand that decided.</summary>
internal sealed record LogicalExpression(int At, bool IsAnd, Expression Left, Expression Right) : Expression(At);

/// <summary>A chain: <c>1 &lt; x &lt;= 3</c>.</summary>
internal sealed record CompareExpression(int At, Expression First, IReadOnlyList<(string Operator, Expression Operand)> Rest) : Expression(At);

internal sealed record ConditionalExpression(int At, Expression Condition, Expression Then, Expression? Else) : Expression(At);
