using Sluice.Core.Templates;

namespace Sluice.Core.Tests.Templates;

/// <summary>The names that the tables of cases use.</summary>
internal static class SampleScope
{
    private static readonly KeyValuePair<string, TemplateValue>[] Names =
    [
        new("name", TemplateValue.From("World")),
        new("n", TemplateValue.From(5L)),
        new("f", TemplateValue.From(2.5)),
        new("items", TemplateValue.FromJson("[1, 2, 3, 4, 5]")),
        new("empty", TemplateValue.FromJson("[]")),
        new("nothing", TemplateValue.None),
        new("flag", TemplateValue.True),
        new("user", TemplateValue.FromJson("""{"name": "Ann", "age": 41, "tags": ["x", "y"]}""")),
        new("users", TemplateValue.FromJson(
            """
            [
              {"name": "Ann", "age": 41, "active": true, "address": {"city": "Seoul"}},
              {"name": "Bob", "age": 29, "active": false, "address": {"city": "Oslo"}},
              {"name": "Cid", "age": 41, "active": true, "address": {"city": "Rome"}}
            ]
            """)),
    ];

    public static TemplateScope Value { get; } = new(Names);

    public static TemplateValue Get(string name) => Names.First(x => x.Key == name).Value;

    public static string Render(string template) => Template.Parse(template).Render(Value);
}
