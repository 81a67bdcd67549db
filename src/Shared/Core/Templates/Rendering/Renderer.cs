using System.Text;
using Sluice.Core.Templates.Library;
using Sluice.Core.Templates.Parsing;
using Sluice.Core.Templates.Python;

namespace Sluice.Core.Templates.Rendering;

/// <summary>Runs the statements of one rendering.</summary>
internal sealed class Renderer
{
    private readonly RenderBudget _budget;
    private readonly Evaluator _evaluator;
    private StringBuilder _output = new();

    public Renderer(TemplateScope scope)
    {
        _budget = new(scope.Limits);
        _evaluator = new(scope, _budget);
    }

    /// <summary>Offset of what is being evaluated, for errors.</summary>
    public int At => _evaluator.At;

    public string Render(IReadOnlyList<Statement> body)
    {
        Run(body);
        return _output.ToString();
    }

    private void Run(IReadOnlyList<Statement> body)
    {
        foreach (var statement in body)
        {
            _evaluator.At = statement.At;
            _budget.Step();
            switch (statement)
            {
                case TextStatement text:
                    Write(text.Text);
                    break;
                case PrintStatement print:
                    var value = _evaluator.Evaluate(print.Value);
                    _evaluator.At = print.Value.At;
                    Write(PythonText.Str(value, _budget));
                    break;
                case IfStatement branch:
                    Run(branch.Branches.FirstOrDefault(x => _evaluator.IsTrue(x.Condition))?.Body ?? branch.Else);
                    break;
                case ForStatement loop:
                    RunLoop(loop);
                    break;
                case SetStatement set:
                    Assign(set.Target, _evaluator.Evaluate(set.Value));
                    break;
                case SetBlockStatement set:
                    Assign(set.Target, Capture(set.Body));
                    break;
            }
        }
    }

    private void Write(string text)
    {
        _budget.CheckText((long)_output.Length + text.Length);
        _output.Append(text);
    }

    private TemplateValue Capture(IReadOnlyList<Statement> body)
    {
        var outer = _output;
        _output = new();
        _evaluator.Push();
        Run(body);
        _evaluator.Pop();
        var text = _output.ToString();
        _output = outer;
        return TemplateValue.From(text);
    }

    private void RunLoop(ForStatement loop)
    {
        var source = _evaluator.Evaluate(loop.Items);
        _evaluator.At = loop.Items.At;
        var items = PythonSequences.Iterate(source, _budget);
        if (loop.Filter is not null)
        {
            items = [.. items.Where(x => Passes(loop, x))];
        }

        if (items.Count == 0)
        {
            _evaluator.Push();
            Run(loop.Else);
            _evaluator.Pop();
            return;
        }

        var state = new LoopState(items);
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
