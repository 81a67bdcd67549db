using System.Text.Json;
using Sluice.Authoring.Bundles;
using Sluice.Authoring.Dags;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;
using Sluice.Authoring.Testing;
using Sluice.Authoring.Tests.Dags;
using Sluice.Authoring.Yaml;
using Sluice.Core.TaskInstances;
using Sluice.Core.Templates;

namespace Sluice.Authoring.Tests.Execution;

/// <summary>What each instance of a mapped task gets, and which are skipped.</summary>
public sealed class MappedItemsTests
{
    /// <summary>EchoOperator returns its value: of each instance what it returned, or its state when it returned nothing.</summary>
    [Theory]
    [InlineData("expand: {value: [a, b, c]}", "a b c")]
    [InlineData("expand: {value: []}", "skipped")]
    [InlineData("expand: {value: [a, b], keys: [[x], [y], [z]]}", "a/x a/y a/z b/x b/y b/z")]
    [InlineData("expand_mode: zip\nexpand: {value: [a, b], keys: [[x], [y], [z]]}", "a/x b/y")]
    [InlineData("expand_fill: [\"-\"]\nexpand: {value: [a, b, c], keys: [[x]]}", "a/x b/- c/-")]
    [InlineData("expand_kwargs: [{value: a, keys: [x]}, {value: b}]", "a/x b")]
    [InlineData("expand: {keys: {k: v, l: w}}", "/k,v /l,w")]
    [InlineData("expand: {value: [\"{{ ds }} {{ map_index }}\"]}", "2021-02-05 0")]
    [InlineData("expand: {value: {values: [a, bb, c], filter: item|length == 1}}", "a skipped c")]
    [InlineData("expand: {value: {values: [a, b], map: item|upper ~ map_index}}", "A0 B1")]
    [InlineData("expand: {value: {values: [{n: a, ok: true}, {n: b, ok: false}], filter: item.ok, map: item.n ~ '@' ~ ds}}", "a@2021-02-05 skipped")]
    [InlineData("expand: {value: {values: [a], map: \"'{' ~ '{ ds }' ~ '}'\"}}", "{{ ds }}")] // what an expression makes is no template
    [InlineData("expand: {value: [a, b], keys: {values: [1, 2, 3], filter: item != 2, map: \"[item ~ params.suffix]\"}}", "a/1! skipped a/3! b/1! skipped b/3!")]
    [InlineData("expand_fill: [\"-\"]\nexpand: {value: [a, b], keys: {values: [x], map: \"[item|upper]\"}}", "a/X b/-")] // the fill stands for what is made of items
    [InlineData("expand_kwargs: {values: [a, b], map: \"{'value': item, 'keys': [item]}\"}", "a/a b/b")]
    [InlineData("expand_kwargs: {values: [{value: a}, {value: b}], filter: item.value != 'a'}", "skipped b")]
    [InlineData("expand: {value: {task: list}}", "1 2 3")]
    [InlineData("expand: {value: {task: list, filter: item > 1, map: item * 10}}", "skipped 20 30")]
    [InlineData("expand: {value: {task: list}, keys: [[x], [y]]}", "1/x 1/y 2/x 2/y 3/x 3/y")]
    [InlineData("expand: {keys: [[x], [y]], value: {task: list}}", "1/x 2/x 3/x 1/y 2/y 3/y")]
    [InlineData("expand: {value: {task: squares, map: item ~ ''}}", "1 4 9")] // over what a mapped task returned
    public async Task An_instance_gets_its_own_item(string over, string expected) => Assert.Equal(expected, await RunAsync(over));

    [Theory]
    [InlineData("expand: {value: {task: list, fliter: item > 1}}", "'fliter' is nothing that can be said of what 'each' is mapped over; use task and key, or values, and filter and map.")]
    [InlineData("expand: {value: {task: list, values: [1]}}", "'each' is mapped over a task and over values; use one of them.")]
    [InlineData("expand: {value: {values: 7, map: item}}", "The values that 'each' is mapped over must be a list, or an object, whose elements are [key, value].")]
    [InlineData("expand: {value: {values: [1], map: \"{{ item }}\"}}", "Task 'each': map '{{ item }}' of what it is mapped over: an expression stands by itself, without {{ }} or {% %} around it")]
    [InlineData("expand: {value: {values: [1], filter: item >}}", "Task 'each': filter 'item >' of what it is mapped over: Line 1, column 8: Expected an expression, found '}}'.")]
    [InlineData("expand: {value: {values: [1], filter: '1 }} {{ 2'}}", "Task 'each': filter '1 }} {{ 2' of what it is mapped over: it is more than one expression")]
    [InlineData("expand: {value: {values: [1], map: item | shout}}", "Task 'each': map 'item | shout' of what it is mapped over: Line 1, column 8: There is no filter 'shout'.")]
    public void What_makes_no_sense_is_refused_when_the_Dag_is_read(string over, string expected)
    {
        var problem = Assert.Single(Load(over).Problems);

        Assert.Equal(expected, problem.Message);
        Assert.True(problem.Location?.Line is 5 or 7, problem.ToString());
    }

    [Theory]
    [InlineData("expand: {value: {values: [1], filter: itme > 1}}", "Template of filter 'itme > 1': There is nothing named 'itme'")]
    [InlineData("expand_kwargs: {values: [1], map: item}", "Element 0 of the list of arguments is no object; each must name the arguments of one instance.")]
    public async Task What_fails_in_an_instance_says_where(string over, string expected)
    {
        var output = new StringWriter();

        Assert.Equal("failed", await RunAsync(over, output));
        Assert.Contains(expected, output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_filtered_index_of_a_group_is_skipped_also_where_nobody_looks_at_the_item()
    {
        var found = YamlDags.Load(
            """
            dag_id: d
            tasks:
              - group: g
                expand: {name: {values: [a, b], filter: item == 'b', map: item|upper}}
                tasks:
                  - {id: first, operator: EchoOperator, value: same}
                  - {id: second, operator: EchoOperator, value: "{{ item.name }}", depends_on: first}
            """, "x.yaml", Catalog);
        Assert.Empty(found.Problems);

        var result = await new DagTestRun(DagDefinition.OfBuiltIns(found.Dags[0].Spec, Catalog), Catalog, Options(TextWriter.Null)).RunAsync(CancellationToken.None);

        Assert.Equal(
            [("g.first[0]", "skipped"), ("g.first[1]", "success"), ("g.second[0]", "skipped"), ("g.second[1]", "success")],
            result.Tasks.Select(task => (task.Key.Value, task.Value.Name())).OrderBy(task => task.Item1, StringComparer.Ordinal));
        Assert.Equal("\"B\"", result.XComs[(new("g.second[1]"), "return_value")]);
    }

    [Fact]
    public void Expressions_of_operators_in_code_are_checked_and_kept()
    {
        var dag = Definitions.Define(dag =>
        {
            var list = dag.Run("list", ctx => new List<string> { "a" });
            dag.Expand("each", new CopyOperator(), over => over.Over("query", list, filter: "item", map: "item|upper").Over("limit", [1, 2], map: "item + 1"));
            dag.Expand("rows", new CopyOperator(), over => over.OverArguments(list, map: "{'query': item}"));
        });

        Assert.Equal([("item", "item|upper"), (null, "item + 1")], dag.Spec.Tasks[1].Map!.Sources.Select(source => (source.Filter, source.Map)));
        Assert.Equal("{'query': item}", dag.Spec.Tasks[2].Map!.Sources[0].Map);
        var wrong = Definitions.Collect(dag => dag.Expand("each", new CopyOperator(), over => over.Over("query", [1], map: "item |")));
        Assert.StartsWith("Task 'each': map 'item |' of what it is mapped over: ", Assert.Single(wrong.Problems).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[1,\"a,b\",{\"x\":[1]},null]", "1 \"a,b\" {\"x\":[1]} null")]
    [InlineData(" [ 1 , [2, 3] ] ", "1 [2, 3]")]
    [InlineData("{\"a\":1, \"b:c\" : {\"d\":2}, \"안녕\\\"\":\"x:y\"}", "[\"a\",1] [\"b:c\",{\"d\":2}] [\"안녕\\\"\",\"x:y\"]")]
    [InlineData("[]", "")]
    [InlineData("{}", "")]
    [InlineData("7", null)]
    [InlineData("[1", null)]
    public void A_list_is_cut_into_its_elements(string json, string? expected)
    {
        var items = JsonItems.Of(json);

        Assert.Equal(expected, items is null ? null : string.Join(' ', Enumerable.Range(0, items.Count).Select(index => items[index])));
    }

    [Theory]
    [InlineData(0, 2, false, "0 1")]
    [InlineData(3, 5, false, "3 4")]
    [InlineData(5, 1, false, "")]
    [InlineData(7, 1, true, "2")]
    [InlineData(5, 1, true, "0")]
    public void A_slice_takes_what_there_is(int from, int count, bool wraps, string expected)
    {
        var taken = JsonItems.Of("[0,1,2,3,4]")!.Take(new(from, count, wraps));

        Assert.Equal((5, expected), (taken.Length, string.Join(' ', taken.Values)));
        Assert.Empty(JsonItems.Of("[]")!.Take(new(from, count, wraps)).Values);
    }

    [Fact]
    public void A_page_of_large_values_ends_early_but_never_with_nothing()
    {
        var half = $"\"{new string('x', XComSlice.MaxChars / 2)}\"";
        var items = JsonItems.Of($"[{half},{half},{half}]")!;

        Assert.Equal(2, items.Take(new(0, 3)).Values.Count);
        Assert.Single(items.Take(new(2, 3)).Values);
    }

    private static async Task<string> RunAsync(string over, TextWriter? output = null)
    {
        var found = Load(over);
        Assert.Empty(found.Problems);
        var definition = DagDefinition.OfBuiltIns(found.Dags[0].Spec, Catalog);

        var result = await new DagTestRun(definition, Catalog, Options(output ?? TextWriter.Null)).RunAsync(CancellationToken.None);

        var instances = result.Tasks.Where(task => task.Key.Value.StartsWith("each", StringComparison.Ordinal)).Select(task => (Name: task.Key.Value, State: task.Value))
            .OrderBy(task => task.Name.Length).ThenBy(task => task.Name, StringComparer.Ordinal);
        return string.Join(' ', instances.Select(task => result.XComs.TryGetValue((new(task.Name), "return_value"), out var json)
            ? TemplateValue.FromJson(json).ToText()
            : task.State.Name()));
    }

    private static TestRunOptions Options(TextWriter output) => new() { Interval = new(new(2021, 2, 5, 0, 0, 0, TimeSpan.Zero), new(2021, 2, 6, 0, 0, 0, TimeSpan.Zero)), Output = output };

    private static CheckedDags Load(string over) => YamlDags.Load(
        $$$"""
        dag_id: d
        params: {suffix: "!"}
        tasks:
          - {id: list, operator: ListOperator}
          - id: each
            operator: EchoOperator
            {{{over.Replace("\n", "\n    ", StringComparison.Ordinal)}}}
          - {id: squares, operator: ListOperator, expand: {number: {task: list} } }
        """, "x.yaml", Catalog);

    private static ProviderCatalog Catalog
    {
        get
        {
            var catalog = new ProviderCatalog();
            catalog.AddOperator<EchoOperator>();
            catalog.AddOperator<ListOperator>();
            return catalog;
        }
    }
}

/// <summary>Shows what it was given.</summary>
public sealed class EchoOperator : Operator
{
    [Templated]
    public JsonElement? Value { get; set; }

    [Templated]
    public IReadOnlyList<string>? Keys { get; set; }

    public override ValueTask<object?> ExecuteAsync(TaskContext context, CancellationToken cancellationToken) =>
        ValueTask.FromResult<object?>(Keys is null ? $"{Value}" : $"{Value}/{string.Join(',', Keys)}");
}

/// <summary>Returns a list, or the square of its number.</summary>
public sealed class ListOperator : Operator
{
    public int Number { get; set; }

    public override ValueTask<object?> ExecuteAsync(TaskContext context, CancellationToken cancellationToken) =>
        ValueTask.FromResult<object?>(Number == 0 ? new[] { 1, 2, 3 } : Number * Number);
}
