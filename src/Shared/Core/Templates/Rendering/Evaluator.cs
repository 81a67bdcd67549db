using System.Text;
using Sluice.Core.Templates.Library;
using Sluice.Core.Templates.Parsing;
using Sluice.Core.Templates.Python;

namespace Sluice.Core.Templates.Rendering;

/// <summary>Evaluates expressions.</summary>
internal sealed class Evaluator(TemplateScope scope, RenderBudget budget)
{
    // Long chains such as 1 + 1 + ... are deep trees without being nested; the stack bears this much.
    private const int MaxHeight = 500;

    private int _height;

    /// <summary>Offset of what is being evaluated, for errors.</summary>
    public int At { get; set; }

    public Frame Frame { get; set; } = new(null, scope);

    public void Push() => Frame = new(Frame);

    public void Pop() => Frame = Frame.Outer!;

    public bool IsTrue(Expression expression)
    {
        var value = Evaluate(expression);
        At = expression.At;
        return PythonOperators.Truthy(value);
    }

    public TemplateValue Resolve(string name)
    {
        if (Frame.Get(name) is { } local)
        {
            return local;
        }

        var outside = Frame.Scope;
        return outside.TryGet(name, out var value) ? value
            : outside.Library.Globals.TryGetValue(name, out var added) ? added
            : Globals.All.TryGetValue(name, out var global) ? global
            : new UndefinedValue(
                $"There is nothing named '{name}'{Suggestion.For(name, outside.Names.Concat(Frame.Names).Concat(outside.Library.Globals.Keys).Concat(Globals.All.Keys))}.");
    }

    public TemplateValue Evaluate(Expression expression)
    {
        At = expression.At;
        if (++_height > MaxHeight)
        {
            throw new TemplateException($"The expression has more than {MaxHeight} steps in a chain.");
        }

        budget.Step();
        var value = expression switch
        {
            ConstantExpression x => x.Value,
            NameExpression x => Resolve(x.Name),
            ListExpression x => x.IsTuple ? new ListValue([.. x.Items.Select(Evaluate)], isTuple: true) : ListValue.Open(x.Items.Select(Evaluate)),
            DictionaryExpression x => EvaluateDictionary(x),
            AttributeExpression x => EvaluateAttribute(x),
            IndexExpression x => EvaluateIndex(x),
            SliceExpression x => EvaluateSlice(x),
            CallExpression x => EvaluateCall(x),
            FilterExpression x => EvaluateFilter(x),
            TestExpression x => EvaluateTest(x),
            UnaryExpression x => EvaluateUnary(x),
            BinaryExpression x => EvaluateBinary(x),
            ConcatExpression x => EvaluateConcat(x),
            NotExpression x => TemplateValue.From(!IsTrue(x.Operand)),
            LogicalExpression x => EvaluateLogical(x),
            CompareExpression x => EvaluateComparison(x),
            ConditionalExpression x => EvaluateConditional(x),
            _ => throw new System.Diagnostics.UnreachableException($"No rule for {expression.GetType().Name}."),
        };
        _height--;

        // Touching a large value costs in proportion, so that few steps cannot do much work.
        switch (value)
        {
            case StringValue { Value.Length: >= 1024 } text:
                budget.Step(text.Value.Length >> 10);
                break;
            case ListValue { Items.Count: >= 64 } list:
                budget.Step(list.Items.Count >> 6);
                break;
        }

        return value;
    }

    private DictionaryValue EvaluateDictionary(DictionaryExpression expression)
    {
        var items = expression.Items.Select(x => new KeyValuePair<TemplateValue, TemplateValue>(Evaluate(x.Key), Evaluate(x.Value))).ToList();
        At = expression.At;
        return new(items) { IsOpen = true };
    }

    private TemplateValue EvaluateAttribute(AttributeExpression expression)
    {
        var target = Evaluate(expression.Target);
        At = target is UndefinedValue ? expression.Target.At : expression.At;
        return Attributes.Get(target, expression.Name, budget);
    }

    private TemplateValue EvaluateIndex(IndexExpression expression)
    {
        var target = Evaluate(expression.Target);
        var index = Evaluate(expression.Index);
        At = target is UndefinedValue ? expression.Target.At : expression.Index.At;
        return Attributes.Item(target, index, budget);
    }

    private TemplateValue EvaluateSlice(SliceExpression expression)
    {
        var target = Evaluate(expression.Target);
        var start = expression.Start is null ? null : Evaluate(expression.Start);
        var stop = expression.Stop is null ? null : Evaluate(expression.Stop);
        var step = expression.Step is null ? null : Evaluate(expression.Step);
        At = expression.At;
        return PythonSequences.Slice(target, start, stop, step, budget);
    }

    /// <summary>Calls a function.</summary>
    /// <param name="expression">The call.</param>
    /// <param name="caller">The body of a call block, handed over as the argument <c>caller</c>.</param>
    public TemplateValue EvaluateCall(CallExpression expression, FunctionValue? caller = null)
    {
        var target = Evaluate(expression.Target);
        var function = PythonEquality.Require(target) as FunctionValue ?? (target as ObjectValue)?.Call;
        if (function is null)
        {
            At = expression.Target.At;
            throw new TemplateException($"A {target.TypeName} cannot be called.");
        }

        var arguments = EvaluateArguments(function.Name, expression.Arguments, caller);
        At = expression.Target.At;
        return function.Invoke(arguments);
    }

    private TemplateValue EvaluateFilter(FilterExpression expression)
    {
        var value = Evaluate(expression.Value);
        var arguments = EvaluateArguments(expression.Name, expression.Arguments);
        At = value is UndefinedValue ? expression.Value.At : expression.At;
        return Filters.Apply(expression.Name, value, arguments);
    }

    private TemplateValue EvaluateTest(TestExpression expression)
    {
        var value = Evaluate(expression.Value);
        var arguments = EvaluateArguments(expression.Name, expression.Arguments);
        At = value is UndefinedValue ? expression.Value.At : expression.At;
        return TemplateValue.From(ValueTests.Apply(expression.Name, value, arguments));
    }

    private TemplateArguments EvaluateArguments(string callee, CallArguments arguments, FunctionValue? caller = null)
    {
        var positional = arguments.Positional.Select(Evaluate).ToList();
        var named = arguments.Named.Select(x => new KeyValuePair<string, TemplateValue>(x.Name, Evaluate(x.Value))).ToList();
        if (arguments.MorePositional is { } list)
        {
            positional.AddRange(PythonSequences.Iterate(Evaluate(list), budget));
        }

        if (arguments.MoreNamed is { } more)
        {
            var value = Evaluate(more);
            At = more.At;
            if (PythonEquality.Require(value) is not DictionaryValue dictionary)
            {
                throw new TemplateException($"After ** a dict is needed, not {value.TypeName}.");
            }

            budget.Items(dictionary.Count);
            foreach (var (key, item) in dictionary.Items)
            {
                var name = Library.Arguments.Text(key, "the name of an argument");
                named.Add(named.Any(x => x.Key == name) ? throw new TemplateException($"'{callee}' is given the argument '{name}' twice.") : new(name, item));
            }
        }

        if (caller is not null)
        {
            named.Add(new("caller", caller));
        }

        return new(callee, positional, named, budget) { Added = Frame.Scope.Library };
    }

    private TemplateValue EvaluateUnary(UnaryExpression expression)
    {
        var operand = Evaluate(expression.Operand);
        At = expression.At;
        return PythonOperators.Unary(expression.Operator, operand);
    }

    private TemplateValue EvaluateBinary(BinaryExpression expression)
    {
        var left = Evaluate(expression.Left);
        var right = Evaluate(expression.Right);
        At = left is UndefinedValue ? expression.Left.At : right is UndefinedValue ? expression.Right.At : expression.At;
        return PythonOperators.Binary(expression.Operator, left, right, budget);
    }

    private TemplateValue EvaluateConcat(ConcatExpression expression)
    {
        var text = new StringBuilder();
        foreach (var item in expression.Items)
        {
            var value = Evaluate(item);
            At = item.At;
            var part = PythonText.Str(value, budget);
            budget.CheckText((long)text.Length + part.Length);
            text.Append(part);
        }

        return TemplateValue.From(text.ToString());
    }

    private TemplateValue EvaluateLogical(LogicalExpression expression)
    {
        var left = Evaluate(expression.Left);
        At = expression.Left.At;
        return PythonOperators.Truthy(left) == expression.IsAnd ? Evaluate(expression.Right) : left;
    }

    private TemplateValue EvaluateComparison(CompareExpression expression)
    {
        var left = Evaluate(expression.First);
        var leftAt = expression.First.At;
        foreach (var (symbol, operand) in expression.Rest)
        {
            var right = Evaluate(operand);
            At = left is UndefinedValue ? leftAt : right is UndefinedValue ? operand.At : expression.At;
            if (!PythonOperators.Compare(symbol, left, right, budget))
            {
                return TemplateValue.False;
            }

            (left, leftAt) = (right, operand.At);
        }

        return TemplateValue.True;
    }

    private TemplateValue EvaluateConditional(ConditionalExpression expression)
    {
        if (IsTrue(expression.Condition))
        {
            return Evaluate(expression.Then);
        }

        return expression.Else is null
            ? new UndefinedValue("The inline if has no else, and its condition is false.") { IsSilent = true }
            : Evaluate(expression.Else);
    }
}
