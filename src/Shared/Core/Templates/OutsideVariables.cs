using System.Text.Json;

namespace Sluice.Core.Templates;

/// <summary>The variables <c>var</c> and <c>conn</c>, whose values come from outside when they are asked for.</summary>
internal static class OutsideVariables
{
    public static ObjectValue Variables(ITemplateLookups lookups) => new("var", new Dictionary<string, TemplateValue>
    {
        ["value"] = Accessor("var.value", name => Fetch(lookups, new(TemplateLookupKind.Variable, name)), VariableMissing),
        ["json"] = Accessor("var.json", name => Json(name, Fetch(lookups, new(TemplateLookupKind.Variable, name))), VariableMissing),
    });

    public static ObjectValue Connections(ITemplateLookups lookups) =>
        Accessor("conn", name => Fetch(lookups, new(TemplateLookupKind.Connection, name)), ConnectionMissing);

    /// <summary>Null when there is none by that name.</summary>
    /// <exception cref="TemplateLookupPendingException">It has not been fetched yet.</exception>
    public static TemplateValue? Fetch(ITemplateLookups lookups, TemplateLookup key) =>
        lookups.TryGet(key, out var value) ? value : throw new TemplateLookupPendingException(key);

    // var.value.x is an error when there is no x, unless default follows; var.value.get('x', y) gives y.
    private static ObjectValue Accessor(string display, Func<string, TemplateValue?> fetch, Func<string, string> missing) => new(
        display,
        name => name == "get"
            ? new FunctionValue(display + ".get", arguments =>
            {
                var bound = arguments.Bind(1, "key", "default");
                var key = Library.Arguments.Text(bound[0]!, "key");
                return fetch(key) ?? bound[1] ?? new UndefinedValue(missing(key));
            })
            : fetch(name) ?? new UndefinedValue(missing(name)));

    private static string VariableMissing(string name) => $"There is no variable '{name}'. Set it with: sluice variables set {name} <value>";

    private static string ConnectionMissing(string name) => $"There is no connection '{name}'. Add it with: sluice connections add {name} <uri>";

    private static TemplateValue? Json(string name, TemplateValue? value)
    {
        if (value is not StringValue text)
        {
            return value;
        }

        try
        {
            return TemplateValue.FromJson(text.Value);
        }
        catch (JsonException)
        {
            throw new TemplateException($"The variable '{name}' is not JSON; var.value.{name} gives its text.");
        }
    }
}
