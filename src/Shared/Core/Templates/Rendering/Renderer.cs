using System.Text;
using Sluice.Core.Templates.Parsing;
using Sluice.Core.Templates.Python;

namespace Sluice.Core.Templates.Rendering;

/// <summary>Runs the statements of one rendering.</summary>
internal sealed class Renderer
{
    // Bodies inside one another, over macros and files: the stack bears this much.
    private const int MaxNested = 200;

    private readonly RenderBudget _budget;
    private readonly Evaluator _evaluator;
    private StringBuilder _output = new();
    private int _nested;
    private int _calls;
    private Source _source = new("");

    public Renderer(TemplateScope scope)
    {
        _budget = new(scope.Limits);
        _evaluator = new(scope, _budget);
    }

    public static string NoFile(string name) => $"There is no template file '{name}'.";

    public string Render(Template template)
    {
        _source = template.Source;
        RunIn(template.Source, template.Body);
        return _output.ToString();
    }

    /// <summary>Runs statements of one file, so that an error among them is told with its place in there.</summary>
    private void RunIn(Source source, IReadOnlyList<Statement> body)
    {
        try
        {
            Run(body);
        }
        catch (TemplateException e) when (e.Line == 0)
        {
            throw source.Error(_evaluator.At, e.Sentence);
        }
        catch (Exception e) when (e is ArithmeticException or ArgumentException or FormatException)
        {
            // What the value types of the platform refuse: a date after the year 9999, a duration of a million years.
            throw source.Error(_evaluator.At, "A value here is out of range.", e);
        }
    }

    private void Run(IReadOnlyList<Statement> body)
    {
        if (++_nested > MaxNested)
        {
            throw new TemplateException($"The template runs more than {MaxNested} blocks inside one another.");
        }

        foreach (var statement in body)
        {
            _evaluator.At = statement.At;
            _budget.Step();
            Run(statement);
        }

        _nested--;
    }

    private void Run(Statement statement)
    {
        switch (statement)
        {
            case TextStatement text:
                Write(text.Text);
                break;
            case PrintStatement print:
                Print(_evaluator.Evaluate(print.Value), print.Value.At);
                break;
            case IfStatement branch:
                Run(branch.Branches.FirstOrDefault(x => _evaluator.IsTrue(x.Condition))?.Body ?? branch.Else);
                break;
            case ForStatement loop:
                RunLoop(loop, _evaluator.Evaluate(loop.Items), 0, _evaluator.Frame);
                break;
            case SetStatement set:
                Assign(set.Target, _evaluator.Evaluate(set.Value));
                break;
            case SetBlockStatement set:
                Assign(set.Target, Filtered(set.Filters, Capture(set.Body)));
                break;
            case FilterStatement filter:
                Print(Filtered(filter.Filters, Capture(filter.Body)), filter.At);
                break;
            case WithStatement with:
                RunWith(with);
                break;
            case DoStatement evaluate:
                _evaluator.Evaluate(evaluate.Value);
                break;
            case MacroStatement macro:
                _evaluator.Frame.Set(macro.Name, Define(macro));
                break;
            case CallStatement call:
                Print(_evaluator.EvaluateCall(call.Call, Define(call.Caller)), call.At);
                break;
            case IncludeStatement include:
                Include(include);
                break;
            case ImportStatement import:
                Import(import);
                break;
        }
    }

    private void Print(TemplateValue value, int at)
    {
        _evaluator.At = at;
        Write(PythonText.Str(value, _budget));
    }

    private void Write(string text)
    {
        _budget.CheckText((long)_output.Length + text.Length);
        _output.Append(text);
    }

    private TemplateValue Capture(IReadOnlyList<Statement> body)
    {
        _evaluator.Push();
        var text = Captured(() => Run(body));
        _evaluator.Pop();
        return text;
    }

    private TemplateValue Captured(Action run)
    {
        var outer = _output;
        _output = new();
        run();
        var text = _output.ToString();
        _output = outer;
        return TemplateValue.From(text);
    }

    private TemplateValue Filtered(Expression? filters, TemplateValue text)
    {
        if (filters is null)
        {
            return text;
        }

        _evaluator.Push();
        _evaluator.Frame.Set(ExpressionParser.CapturedName, text);
        var value = _evaluator.Evaluate(filters);
        _evaluator.Pop();
        return value;
    }

    private void RunWith(WithStatement with)
    {
        // The values see what stands around the block, not one another.
        var values = with.Names.Select(x => _evaluator.Evaluate(x.Value)).ToList();
        _evaluator.Push();
        for (var i = 0; i < values.Count; i++)
        {
            Assign(with.Names[i].Target, values[i]);
        }

        Run(with.Body);
        _evaluator.Pop();
    }

    private void RunLoop(ForStatement loop, TemplateValue source, int depth, Frame around)
    {
        _evaluator.At = loop.Items.At;
        var items = PythonSequences.Iterate(source, _budget);
        var before = _evaluator.Frame;
        _evaluator.Frame = around;
        if (loop.Filter is not null)
        {
            var passed = new List<TemplateValue>();
            for (var i = 0; i < items.Count; i++)
            {
                if (Passes(loop, items[i]))
                {
                    passed.Add(items[i]);
                }
            }

            items = passed;
        }

        if (items.Count == 0)
        {
            _evaluator.Push();
            Run(loop.Else);
            _evaluator.Frame = before;
            return;
        }

        var again = loop.IsRecursive ? new FunctionValue("loop", arguments => Again(loop, arguments, depth + 1, around)) : null;
        var state = new LoopState(items, depth, again);
        for (var i = 0; i < items.Count; i++)
        {
            _evaluator.At = loop.At;
            _budget.Step();
            _evaluator.Push();
            Assign(loop.Target, items[i]);
            _evaluator.Frame.Set("loop", state.At(i));
            Run(loop.Body);
            _evaluator.Pop();
        }

        _evaluator.Frame = before;
    }

    private TemplateValue Again(ForStatement loop, TemplateArguments arguments, int depth, Frame around)
    {
        var source = arguments.Bind(1, "iterable")[0]!;
        EnterCall();
        var text = Captured(() => RunLoop(loop, source, depth, around));
        _calls--;
        return text;
    }

    private bool Passes(ForStatement loop, TemplateValue item)
    {
        _evaluator.At = loop.At;
        _evaluator.Push();
        Assign(loop.Target, item);
        var passes = _evaluator.IsTrue(loop.Filter!);
        _evaluator.Pop();
        return passes;
    }

    // It sees what is around its definition, also what is set there later; and an error in it has its place in the file that it came from.
    private FunctionValue Define(MacroStatement macro)
    {
        var home = _evaluator.Frame;
        var source = _source;
        var binding = new Macro(macro);
        return new(macro.Name, arguments =>
        {
            EnterCall();
            var (frame, at, from) = (_evaluator.Frame, _evaluator.At, _source);
            var inner = new Frame(home);
            _evaluator.Frame = inner;
            binding.Bind(arguments, inner, _evaluator.Evaluate);
            _source = source;
            var text = Captured(() => RunIn(source, macro.Body));
            (_evaluator.Frame, _evaluator.At, _source) = (frame, at, from);
            _calls--;
            return text;
        });
    }

    private void EnterCall()
    {
        if (++_calls > _budget.MaxDepth)
        {
            throw new TemplateException($"Macros, files and loops call one another deeper than {_budget.MaxDepth} levels.");
        }
    }

    private void Include(IncludeStatement include)
    {
        var library = _evaluator.Frame.Scope.Library;
        if (include.Files.Select(library.File).FirstOrDefault(x => x is not null) is { } file)
        {
            RunFile(file, include.WithContext ? new Frame(_evaluator.Frame) : Apart());
        }
        else if (!include.MayBeMissing)
        {
            throw new TemplateException(include.Files is [var only] ? NoFile(only) : $"There is none of the template files {string.Join(", ", include.Files)}.");
        }
    }

    private void Import(ImportStatement import)
    {
        var file = _evaluator.Frame.Scope.Library.File(import.File) ?? throw new TemplateException(NoFile(import.File));
        var frame = import.WithContext ? new Frame(_evaluator.Frame) : Apart();
        var text = Captured(() => RunFile(file, frame));
        var members = frame.Own.Where(x => !x.Key.StartsWith('_')).ToDictionary(x => x.Key, x => x.Value, StringComparer.Ordinal);
        if (import.Name is { } name)
        {
            _evaluator.Frame.Set(name, new ObjectValue(((StringValue)text).Value, members));
        }

        foreach (var (member, alias) in import.Members)
        {
            _evaluator.Frame.Set(alias, members.GetValueOrDefault(member)
                ?? new UndefinedValue($"The file '{import.File}' has no '{member}'{Suggestion.For(member, members.Keys)}."));
        }
    }

    private Frame Apart() => new(null, _evaluator.Frame.Scope.WithoutNames());

    private void RunFile(Template file, Frame frame)
    {
        EnterCall();
        var (before, at, from) = (_evaluator.Frame, _evaluator.At, _source);
        (_evaluator.Frame, _source) = (frame, file.Source);
        RunIn(file.Source, file.Body);
        (_evaluator.Frame, _evaluator.At, _source) = (before, at, from);
        _calls--;
    }

    private void Assign(Target target, TemplateValue value)
    {
        _evaluator.At = target.At;
        switch (target)
        {
            case NameTarget name:
                _evaluator.Frame.Set(name.Name, value);
                break;
            case AttributeTarget attribute:
                if (_evaluator.Resolve(attribute.Namespace) is not NamespaceValue space)
                {
                    throw new TemplateException($"'{attribute.Namespace}' is not a namespace; only attributes of namespace() can be set.");
                }

                space.Values[attribute.Name] = value;
                break;
            case TupleTarget tuple:
                var items = PythonSequences.Iterate(value, _budget);
                if (items.Count != tuple.Items.Count)
                {
                    throw new TemplateException($"{tuple.Items.Count} names cannot be filled from {items.Count} values.");
                }

                for (var i = 0; i < items.Count; i++)
                {
                    Assign(tuple.Items[i], items[i]);
                }

                break;
        }
    }
}
