using System.Text.Json;

namespace Sluice.Cli.Tests.Templates;

public sealed class TemplateEvalTests : IDisposable
{
    private const string Full =
        """
        {
          "dag_id": "nps", "task_id": "load", "run_id": "scheduled__2021-02-05T00:00:00+00:00", "run_type": "scheduled",
          "logical_date": "2021-02-05T00:00:00+00:00",
          "data_interval_start": "2021-02-05T00:00:00+00:00", "data_interval_end": "2021-02-06T00:00:00+00:00",
          "prev_data_interval_start_success": "2021-02-03T00:00:00Z", "prev_data_interval_end_success": "2021-02-04T00:00:00Z",
          "prev_start_date_success": "2021-02-04T09:00:07.25+09:00", "prev_end_date_success": null,
          "test_mode": true, "try_number": 2, "map_index": 3,
          "dag_run_conf": {"table": "other"}, "params": {"table": "nps", "limit": 10},
          "variables": {"bucket": "lake", "settings": "{\"sizes\": [1, 2]}"},
          "connections": {"dw": {"conn_type": "redshift", "host": "db.local", "schema": "dev", "login": "ann", "password": "s3cret", "port": 5439, "extra": "{\"region\": \"eu\"}"}},
          "xcom": [{"task_id": "extract", "key": "return_value", "value": {"rows": 7}}, {"task_id": "extract", "key": "path", "value": "p"}]
        }
        """;

    private readonly string _context = Path.GetTempFileName();

    public void Dispose() => File.Delete(_context);

    [Theory]
    [InlineData("{{ ds }} {{ ts }} {{ execution_date }}", "2021-02-05 2021-02-05T00:00:00+00:00 2021-02-05 00:00:00+00:00")]
    [InlineData("{{ data_interval_start | ts_nodash }} {{ data_interval_end | ds }} {{ yesterday_ds }}", "20210205T000000 2021-02-06 2021-02-04")]
    [InlineData("{{ prev_data_interval_start_success | ds }} {{ prev_start_date_success }} {{ prev_end_date_success }}", "2021-02-03 2021-02-04 00:00:07.250000+00:00 None")]
    [InlineData("{{ dag.dag_id }} {{ task.task_id }} {{ ti.task_id }} {{ run_id }} {{ task_instance_key_str }}", "nps load load scheduled__2021-02-05T00:00:00+00:00 nps__load__20210205")]
    [InlineData("{{ dag_run.run_type }} {{ ti.try_number }} {{ ti.map_index }} {{ test_mode }}", "scheduled 2 3 True")]
    [InlineData("{{ params.table }} {{ params.limit }} {{ dag_run.conf.table }} {{ dag_run.conf.get('x', 'no') }}", "other 10 other no")]
    [InlineData("{{ var.value.bucket }} {{ var.json.settings.sizes[1] }} {{ var.value.get('gone', 'd') }}", "lake 2 d")]
    [InlineData("{{ conn.dw.host }}:{{ conn.dw.port }} {{ conn.dw.password }} {{ conn.dw.extra_dejson.region }}", "db.local:5439 s3cret eu")]
    [InlineData("{{ ti.xcom_pull(task_ids='extract').rows }} {{ ti.xcom_pull('extract', 'path') }} {{ ti.xcom_pull('gone') }}", "7 p None")]
    [InlineData("{{ macros.ds_add(ds, -1) }}", "2021-02-04")]
    [InlineData("{{ map_index }} {{ map_index_template }} {{ next_ds }} {{ next_ds_nodash }} {{ next_execution_date }} {{ prev_ds is defined }}", "3 None 2021-02-06 20210206 2021-02-06 00:00:00+00:00 False")]
    [InlineData("a\n\n", "a\n")]
    [InlineData("", "")]
    public async Task The_text_is_printed_and_nothing_else(string template, string expected)
    {
        await File.WriteAllTextAsync(_context, Full);

        var run = await ToolRun.OfAsync("template", "eval", template, "--context", _context);

        Assert.Equal((0, expected, ""), (run.Code, run.Out, run.Error));
    }

    [Fact]
    public async Task Every_key_is_optional()
    {
        await File.WriteAllTextAsync(_context, "{}");

        var run = await ToolRun.OfAsync("template", "eval", "{{ ti.try_number }} {{ ti.map_index }} {{ test_mode }} {{ params }} {{ prev_start_date_success }}", "--context", _context);

        Assert.Equal((0, "1 -1 False {} None"), (run.Code, run.Out));
        var neighbours = await ToolRun.OfAsync("template", "eval", "{{ map_index }} {{ next_ds is defined }} {{ prev_ds is defined }}", "--context", _context);
        Assert.Equal("-1 False False", neighbours.Out);

        // A run by hand is its own neighbour.
        await File.WriteAllTextAsync(_context, "{\"run_type\": \"manual\", \"logical_date\": \"2021-02-05T00:00:00Z\"}");
        Assert.Equal("2021-02-05 2021-02-05", (await ToolRun.OfAsync("template", "eval", "{{ prev_ds }} {{ next_ds }}", "--context", _context)).Out);
        Assert.Equal((0, "6"), ((await ToolRun.OfAsync("template", "eval", "{{ [1, 2, 3] | sum }}{{ macros.ds_add('2021-02-05', 1)[10:] }}")) is var bare ? bare.Code : 1, bare.Out));
    }

    [Theory]
    [InlineData("{{ dss }}", "sluice: Line 1, column 4: There is nothing named 'dss'; perhaps 'ds' is meant.")]
    [InlineData("a\n{{ 1 + }}", "sluice: Line 2, column 8: Expected an expression, found '}}'.")]
    [InlineData("{{ conn.gone.host }}", "sluice: Line 1, column 9: There is no connection 'gone'. Add it with: sluice connections add gone <uri>")]
    public async Task An_error_tells_its_place_on_the_other_stream(string template, string expected)
    {
        await File.WriteAllTextAsync(_context, Full);

        var run = await ToolRun.OfAsync("template", "eval", template, "--context", _context);

        Assert.Equal((1, "", expected), (run.Code, run.Out, run.Error.TrimEnd()));
    }

    [Theory]
    [InlineData("{\"logical_dat\": \"2021-02-05\"}", "a key 'logical_dat' that means nothing; perhaps 'logical_date' is meant")]
    [InlineData("{\"logical_date\": \"yesterday\"}", "The context's logical_date is 'yesterday'; it must be a date such as")]
    [InlineData("{\"params\": [1]}", "The context's params must be an object; it is a list.")]
    [InlineData("{\"variables\": {\"x\": 1}}", "The context's variable 'x' must be text")]
    [InlineData("{\"connections\": {\"dw\": {\"user\": \"x\"}}}", "connection 'dw' has a key 'user' that means nothing")]
    [InlineData("{\"xcom\": [{\"key\": \"a\"}]}", "must be an object with task_id")]
    [InlineData("{\"run_type\": \"weekly\"}", "run_type is 'weekly'; it must be one of")]
    [InlineData("[1]", "must be a JSON object")]
    [InlineData("{", "is not JSON: it breaks at line")]
    public async Task A_context_that_makes_no_sense_is_one_sentence(string context, string expected)
    {
        await File.WriteAllTextAsync(_context, context);

        var run = await ToolRun.OfAsync("template", "eval", "x", "--context", _context);

        Assert.Equal((2, ""), (run.Code, run.Out));
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);
        Assert.Single(run.Error.TrimEnd().Split('\n'));
    }

    [Fact]
    public async Task Json_holds_the_text_or_the_error()
    {
        await File.WriteAllTextAsync(_context, Full);

        var good = JsonElement.Parse((await ToolRun.OfAsync("template", "eval", "{{ ds }}", "--context", _context, "--json")).Out);
        var bad = await ToolRun.OfAsync("template", "eval", "\n {{ x }}", "--context", _context, "--json");

        Assert.Equal("2021-02-05", good.GetProperty("text").GetString());
        Assert.Equal((1, 2, 5), (bad.Code, JsonElement.Parse(bad.Out).GetProperty("line").GetInt32(), JsonElement.Parse(bad.Out).GetProperty("column").GetInt32()));
    }
}
