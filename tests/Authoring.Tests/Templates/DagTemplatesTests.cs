using Sluice.Authoring.Dags;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;
using Sluice.Authoring.Testing;
using Sluice.Authoring.Tests.Dags;
using Sluice.Authoring.Tests.Execution;
using Sluice.Authoring.Tests.Processing;
using Sluice.Core.Dags;
using Sluice.Scheduler.DagProcessing;

namespace Sluice.Authoring.Tests.Templates;

public sealed class DagTemplatesTests
{
    private static readonly DateTimeOffset Fifth = new(2021, 2, 5, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task Files_of_fields_and_those_that_they_include_travel_with_the_Dag_and_count_in_its_version()
    {
        await using var folder = new DagFolder();
        Write(folder, "team/sql/load.sql", "{% import 'macros.sql' as m %}SELECT {{ m.day(ds) }}\n{% include 'nope.sql' ignore missing %}");
        Write(folder, "macros.sql", "{% macro day(ds) %}DATE '{{ ds }}'{% endmacro %}");
        const string Source = """
            Dag.Define("files", dag => dag.Add("load", new SqlOperator { ConnectionId = "dw", Sql = "sql/load.sql" }));
            """;

        var first = Only(await folder.ProcessAsync("team/files.cs", Source));
        Write(folder, "macros.sql", "{% macro day(ds) %}'{{ ds }}'{% endmacro %}");
        var second = Only(await folder.ProcessAsync("team/files.cs", Source));

        Assert.Equal(["macros.sql", "sql/load.sql"], first.TemplateFiles!.Keys.Order());
        Assert.NotEqual(DagVersion.Of(first), DagVersion.Of(second));
        Assert.Equal(DagVersion.Of(second), DagVersion.Of(DagSpecJson.Deserialize(DagSpecJson.Serialize(second))));
        Assert.Equal(TaskHost.Worker, first.Tasks[0].Host);
        Assert.Equal("SELECT DATE '2021-02-05'\n", await RenderAsync(first, "sql"));
    }

    [Fact]
    public void Yaml_names_files_as_well()
    {
        var found = Authoring.Yaml.YamlDags.Load(
            "dag_id: y\ntasks:\n  - id: a\n    operator: CopyOperator\n    query: hello.sql\n", "y.yaml", Definitions.Catalog, name => name == "hello.sql" ? "echo {{ ds }}" : null);

        Assert.Empty(found.Problems);
        Assert.Equal("echo {{ ds }}", Assert.Single(found.Dags).Spec.TemplateFiles!["hello.sql"]);
    }

    [Theory]
    [InlineData("gone.sql", "template of query: there is no template file 'gone.sql' beside the Dag's file or in the Dag folder")]
    [InlineData("{% include 'gone.sql' %}", "template of query: Line 1, column 4: There is no template file 'gone.sql'.")]
    [InlineData("a\n{{ ds | nodash }}", "template of query: Line 2, column 9: There is no filter 'nodash'")]
    [InlineData("{% include ds %}", "must be written as text")]
    [InlineData("{{ 1 + }}", "template of query: Line 1, column 8: Expected an expression")]
    [InlineData("broken.sql", "template of query: File 'broken.sql', line 2, column 4: There is no tag 'iff'")]
    [InlineData("{% import 'broken.sql' as b %}", "template of query: File 'broken.sql', line 2, column 4: There is no tag 'iff'")]
    [InlineData("long.sql", "the template file 'long.sql' is too long")]
    public void A_template_that_cannot_be_read_is_an_import_error(string query, string expected)
    {
        var files = new Dictionary<string, string> { ["broken.sql"] = "\n{% iff %}", ["long.sql"] = new('x', 300_000) };
        var collector = new DagCollector(Definitions.Catalog, _ => null, files.GetValueOrDefault);

        collector.Collect(() => Dag.Define("bad", dag => dag.Add("a", new CopyOperator { Query = query })));

        var problem = Assert.Single(collector.Check(DagLimits.Default).Problems);
        Assert.StartsWith("Task 'a': ", problem.Message, StringComparison.Ordinal);
        Assert.Contains(expected, problem.Message, StringComparison.Ordinal);
        Assert.True(problem.Location!.Line > 1);
    }

    [Theory]
    [InlineData("bash /opt/run.sql")]
    [InlineData("/opt/run.sql")]
    [InlineData("load.sql ")]
    [InlineData("{{ ds }}.sql")]
    public void Text_that_only_ends_like_a_file_is_no_file(string query)
    {
        var collector = new DagCollector(Definitions.Catalog, _ => null, _ => null);

        collector.Collect(() => Dag.Define("a", dag => dag.Add("a", new CopyOperator { Query = query })));

        Assert.Null(Assert.Single(collector.Definitions).Spec.TemplateFiles);
    }

    [Fact]
    public void Files_outside_the_folder_are_not_read()
    {
        var folder = Directory.CreateTempSubdirectory("sluice-files-").FullName;
        try
        {
            Directory.CreateDirectory(Path.Combine(folder, "dags", "team"));
            foreach (var name in new[] { "out.sql", "dags/a.sql", "dags/team/a.sql", "dags/team/b.sql" })
            {
                File.WriteAllText(Path.Combine(folder, name), name);
            }

            string? Read(string name) => Authoring.Templates.TemplateFiles.Read(Path.Combine(folder, "dags"), "team/dag.cs", name);

            Assert.Equal(
                ["dags/team/a.sql", "dags/a.sql", "dags/team/b.sql", null, null, null, null],
                new[] { "a.sql", "../a.sql", "team/b.sql", "../../out.sql", Path.Combine(folder, "out.sql"), "gone.sql", "" }.Select(Read));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Tasks_that_use_the_authors_macros_and_filters_run_where_the_code_is()
    {
        var dag = Definitions.Define(d =>
        {
            d.Macro("year", (DateTimeOffset day) => day.Year);
            d.Macro("both", (string a, long b) => new[] { a, b.ToString(System.Globalization.CultureInfo.InvariantCulture) });
            d.Filter("shout", (string text) => text.ToUpperInvariant() + "!");
            d.Filter("times", (string text, int count) => string.Concat(Enumerable.Repeat(text, count)));
            d.Add("plain", new CopyOperator { Query = "{{ ds }} {{ test_mode }}" });
            d.Add("macro", new CopyOperator { Query = "{{ year(logical_date) }} {{ both('a', 2) | join('-') }}" });
            d.Add("filter", new CopyOperator { Query = "{{ 'a' | shout }} {{ ['b', 'c'] | map('times', 2) | list }}" });
        });
        using var output = new StringWriter();

        var result = await new DagTestRun(dag, Definitions.Catalog, new() { Interval = new(Fifth, Fifth.AddDays(1)), Output = output }).RunAsync(CancellationToken.None);

        Assert.Equal([TaskHost.Worker, TaskHost.Runner, TaskHost.Runner], dag.Spec.Tasks.Select(task => task.Host));
        Assert.Equal(
            ["\"2021-02-05 True\"", "\"2021 a-2\"", "\"A! ['bb', 'cc']\""],
            new[] { "plain", "macro", "filter" }.Select(id => result.XComs.GetValueOrDefault((new(id), "return_value"), output.ToString())));
    }

    [Theory]
    [InlineData("{{ f() }}", "'f' takes 1 argument, 0 are given.")]
    [InlineData("{{ f(n=1) }}", "'f' takes its arguments by place, not by name.")]
    [InlineData("{{ f('x') }}", "'f' wants a value of the kind Int32; x is none.")]
    [InlineData("{{ f(0) }}", "'f' threw DivideByZeroException")]
    public async Task A_macro_that_does_not_work_is_an_error_with_its_place(string template, string expected)
    {
        var dag = Definitions.Define(d =>
        {
            d.Macro("f", (int n) => 1 / n);
            d.Add("a", new CopyOperator { Query = template });
        });
        using var output = new StringWriter();

        await new DagTestRun(dag, Definitions.Catalog, new() { Interval = new(Fifth, Fifth.AddDays(1)), Output = output }).RunAsync(CancellationToken.None);

        Assert.Contains("Template of query: Line 1, column 4: " + expected, output.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ds", "every template has that name already")]
    [InlineData("1x", "cannot be the name of a macro")]
    [InlineData("twice", "is defined twice")]
    public void A_macro_needs_a_name_of_its_own(string name, string expected)
    {
        var collector = Definitions.Collect(d =>
        {
            d.Macro("twice", () => 1);
            d.Macro(name, () => 2);
            d.Add("a", new CopyOperator());
        });

        Assert.Contains(expected, Assert.Single(collector.Problems).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Texts_are_rendered_however_deep_they_lie_and_keys_and_numbers_stay()
    {
        var op = new Nested
        {
            Settings = new()
            {
                ["{{ ds }}"] = "{{ ds }}",
                ["list"] = new List<object?> { "{{ ds_nodash }}", 7, new Dictionary<string, object?> { ["deep"] = "{{ 1 + 1 }}" } },
                ["json"] = System.Text.Json.JsonElement.Parse("""{"a": ["{{ params.table }}", 1, null]}"""),
            },
        };

        var outcome = await new Attempts().RunAsync(op);

        Assert.Equal(
            """{"{{ ds }}":"2021-02-05","list":["20210205",7,{"deep":"2"}],"json":{"a":["nps",1,null]}}""",
            System.Text.Json.JsonDocument.Parse(outcome.XComs![0].Value).RootElement.GetString());
    }

    private static void Write(DagFolder folder, string name, string text)
    {
        var path = Path.Combine(folder.Path, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }

    private static DagSpec Only(ProcessedFile file)
    {
        Assert.Empty(file.Problems);
        return DagSpecJson.Deserialize(Assert.Single(file.Dags).Spec);
    }

    // As a worker does it: from the data alone.
    private static async Task<string> RenderAsync(DagSpec dag, string field)
    {
        var providers = ProviderDiscovery.Load();
        var fields = await TaskRendering.RenderAsync(
            Authoring.Bundles.DagDefinition.OfBuiltIns(dag, providers), dag.Tasks[0], providers, new() { Interval = new(Fifth, Fifth.AddDays(1)) }, CancellationToken.None);
        return fields[field]!.GetValue<string>();
    }

    private sealed class Nested : Operator
    {
        [Templated]
        public Dictionary<string, object?> Settings { get; set; } = [];

        public override ValueTask<object?> ExecuteAsync(TaskContext context, CancellationToken cancellationToken) =>
            ValueTask.FromResult<object?>(System.Text.Json.JsonSerializer.Serialize(Settings));
    }
}
