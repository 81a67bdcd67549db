using System.Text.Json;
using Sluice.Core.Templates;

namespace Sluice.Core.Tests.Templates;

/// <summary>
/// A table that Jinja2 3.1.6 wrote itself, set up as Airflow does: sandbox, StrictUndefined, the <c>do</c> tag, Airflow's filters and macros.
/// A row without text is one that Jinja refuses.
/// </summary>
public class JinjaTableTests
{
    private static readonly TemplateLibrary Library = new()
    {
        Files = JsonSerializer.Deserialize<Dictionary<string, string>>(File.ReadAllText(Table("jinja_files.json")))!,
    };

    public static TheoryData<string, string?> Rows()
    {
        var rows = new TheoryData<string, string?>();
        foreach (var line in File.ReadLines(Table("jinja.jsonl")))
        {
            var row = JsonElement.Parse(line);
            rows.Add(row.GetProperty("template").GetString()!, row.TryGetProperty("text", out var text) ? text.GetString() : null);
        }

        return rows;
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public void The_text_is_Jinjas(string template, string? expected)
    {
        if (expected is null)
        {
            var error = Assert.Throws<TemplateException>(() => Render(template));
            Assert.True(error is { Line: > 0, Column: > 0 }, error.Message);
        }
        else
        {
            Assert.Equal(expected, Render(template));
        }
    }

    private static string Render(string template) => Template.Parse(template, null, Library).Render(Scope());

    private static TemplateScope Scope()
    {
        var scope = ContextDocument.Parse("{}");
        foreach (var name in new[] { "name", "n", "f", "items", "empty", "nothing", "flag", "user", "users" })
        {
            scope = scope.With(name, SampleScope.Get(name));
        }

        var day = new DateTimeOffset(2021, 2, 5, 13, 4, 9, TimeSpan.Zero);
        return scope.With("day", TemplateValue.From(day)).With("exact", TemplateValue.From(day.AddTicks(1_200_300))).With(Library);
    }

    private static string Table(string name) => Path.Combine(AppContext.BaseDirectory, "Templates", name);
}
