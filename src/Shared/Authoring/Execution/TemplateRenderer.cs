using System.Text.Json;
using Sluice.Core.Connections;
using Sluice.Authoring.Operators;
using Sluice.Authoring.Templates;
using Sluice.Core.Callbacks;
using Sluice.Core.Templates;

namespace Sluice.Authoring.Execution;

/// <summary>Renders texts for one attempt. What a template asks of the outside is fetched when it comes to it, once per attempt.</summary>
internal sealed class TemplateRenderer(TaskContext context)
{
    private const int MostLookups = 1000;

    private readonly FetchedValues _fetched = new();
    private readonly DagTemplates _templates = DagTemplates.Of(context.Dag, context.Templates);
    private TemplateScope? _scope;
    private TemplateValue? _item;
    private bool _hasCallback;

    /// <summary>Renders one text.</summary>
    /// <exception cref="TemplateFieldException">It cannot be; names the field, line and column.</exception>
    public ValueTask<string> RenderAsync(string field, string text, IReadOnlyList<string> extensions, CancellationToken cancellationToken) =>
        RunAsync(field, () => _templates.Get(text, extensions), (template, scope) => template.Render(scope), cancellationToken);

    /// <summary>Works out an expression over an element that tasks are mapped over.</summary>
    /// <exception cref="TemplateFieldException">It cannot be; names what it is for.</exception>
    public ValueTask<T> EvaluateAsync<T>(string field, string expression, string itemJson, Func<TemplateExpression, TemplateScope, T> evaluate, CancellationToken cancellationToken)
    {
        _item = TemplateValue.FromJson(itemJson);
        _scope = null;
        return RunAsync(field, () => _templates.GetExpression(expression), evaluate, cancellationToken);
    }

    private async ValueTask<TResult> RunAsync<TTemplate, TResult>(
        string field, Func<TTemplate> parse, Func<TTemplate, TemplateScope, TResult> run, CancellationToken cancellationToken)
    {
        try
        {
            var template = parse();
            _scope ??= TemplateVariables.ForTask(
                context.Run, context.Dag, context.Task, context.TryNumber, context.Params.GetRawText(), _fetched, context.IsTest,
                mapIndex: context.MapIndex, mapLength: context.Map?.Length,
                itemJson: _item is not null || context.Task.Map?.Group is null || context.Map is null ? null : await MapValues.ItemAsync(context, cancellationToken),
                startedAt: context.StartedAt, reschedules: context.Reschedules)
                .With(_templates.Library);
            if (_item is not null)
            {
                _scope = _scope.With("item", _item);
            }

            if (context.Callback is { } note && !_hasCallback)
            {
                // Airflow has the exception itself there; its text is what prints.
                var exception = note.On is CallbackTrigger.Failure or CallbackTrigger.Retry ? TemplateValue.From(note.Why) : TemplateValue.None;
                (_scope, _hasCallback) = (_scope.With("callback", CallbackVariable(note)).With("exception", exception), true);
            }

            while (true)
            {
                try
                {
                    return run(template, _scope);
                }
                catch (TemplateLookupPendingException pending) when (_fetched.Count < MostLookups)
                {
                    _fetched.Add(pending.Key, await FetchAsync(pending.Key, cancellationToken));
                }
            }
        }
        catch (TemplateException e)
        {
            throw new TemplateFieldException(field, e.Message, e);
        }
        catch (TemplateLookupPendingException e)
        {
            throw new TemplateFieldException(field, $"it asks for more than {MostLookups} connections, variables and XComs.", e);
        }
    }

    private async ValueTask<TemplateValue?> FetchAsync(TemplateLookup key, CancellationToken cancellationToken)
    {
        switch (key.Kind)
        {
            case TemplateLookupKind.Connection:
                return await context.Services.GetConnectionAsync(key.Name, cancellationToken) is { } connection ? Show(connection) : null;

            case TemplateLookupKind.Variable:
                return await context.Services.GetVariableAsync(key.Name, cancellationToken) is { } text ? TemplateValue.From(text) : null;

            case TemplateLookupKind.InletEvents:
                return TemplateVariables.AssetEvents(await context.InletEventsAsync(context.Task.Inlets!.First(inlet => inlet.Name == key.Name), cancellationToken: cancellationToken));

            default:
                return await XComReader.ReadAsync(context, key.Name, key.Key!, cancellationToken) is { } json ? TemplateValue.FromJson(json) : null;
        }
    }

    private static TemplateValue CallbackVariable(CallbackNote note) => TemplateValue.FromJson(JsonSerializer.Serialize(new Dictionary<string, object?>
    {
        ["event_id"] = note.EventId,
        ["event"] = note.On.Name(),
        ["task_id"] = note.Instance,
        ["try_number"] = note.TryNumber,
        ["state"] = note.State,
        ["why"] = note.Why,
        ["at"] = note.At,
        ["deadline"] = note.Deadline,
        ["deadline_due"] = note.Due,
    }));

    private static TemplateValue Show(Connection connection) => TemplateVariables.Connection(
        connection.Id, connection.Type, connection.Host, connection.Login, connection.Password, connection.Schema, connection.Port,
        JsonSerializer.Serialize(connection.Extra));

    private sealed class FetchedValues : ITemplateLookups
    {
        private readonly Dictionary<TemplateLookup, TemplateValue?> _values = [];

        public int Count => _values.Count;

        public void Add(TemplateLookup key, TemplateValue? value) => _values.Add(key, value);

        public bool TryGet(TemplateLookup key, out TemplateValue? value) => _values.TryGetValue(key, out value);
    }
}
