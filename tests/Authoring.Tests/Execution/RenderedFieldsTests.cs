using System.Text.Json;
using System.Text.Json.Nodes;
using Sluice.Authoring.Dags;
using Sluice.Authoring.Execution;
using Sluice.Authoring.Operators;
using Sluice.Authoring.Tests.Dags;
using Sluice.Core.TaskInstances;

namespace Sluice.Authoring.Tests.Execution;

/// <summary>What is kept of an attempt's templates.</summary>
public sealed class RenderedFieldsTests
{
    [Theory]
    [InlineData("select '{{ ds }}'", "{\"query\":\"select '2021-02-05'\",\"keys\":[],\"env\":{}}")]
    [InlineData("select 1", null)] // no templates, nothing to keep
    [InlineData("{{ nope }}", null)]
    public async Task An_attempt_keeps_its_templated_arguments_when_there_was_something_to_render(string query, string? expected)
    {
        var outcome = await new Attempts().RunAsync(new CopyOperator { Query = query });

        Assert.Equal(expected, outcome.Rendered);
    }

    [Fact]
    public async Task A_failed_attempt_keeps_them_and_a_sensor_that_waits_does_not()
    {
        var failed = await new Attempts().RunAsync(new Failing { Text = "{{ ds }}" });
        var waits = await new Attempts().RunAsync(new Waiting { Text = "{{ ds }}", Mode = Core.Dags.SensorMode.Reschedule });

        Assert.Equal((OutcomeKind.FailedFinally, """{"text":"2021-02-05"}"""), (failed.Kind, failed.Rendered));
        Assert.Equal((OutcomeKind.Rescheduled, null), (waits.Kind, waits.Rendered));
    }

    [Fact]
    public async Task What_a_secret_argument_came_to_is_shown_to_nobody_also_inside_another_operator()
    {
        static Salted Alone() => new() { Text = "{{ ds }}", Salt = "pepper-{{ ds }}" };
        var attempts = new Attempts();

        Assert.Equal("""{"text":"2021-02-05","salt":"***"}""", (await attempts.RunAsync(Alone())).Rendered);
        Assert.Equal("""{"inner":{"text":"2021-02-05","salt":"***"}}""", (await attempts.RunAsync(new Around { Inner = Alone() })).Rendered);
        Assert.Equal(["pepper-2021-02-05", "pepper-2021-02-05"], attempts.Secrets);
        Assert.Equal("""{"text":"2021-02-05"}""", (await attempts.RunAsync(new Salted { Text = "{{ ds }}" })).Rendered);
    }

    [Theory]
    [InlineData("""{"a":"x s3cret y"}""", """{"a":"x *** y"}""")]
    [InlineData("""{"a":["s3cret",{"k":"a\"s3cret\"","n":1}],"b":null,"c":true}""", """{"a":["***",{"k":"a\"***\"","n":1}],"b":null,"c":true}""")]
    [InlineData("[1]", null)]
    [InlineData("{\"a\"", null)]
    public void Secrets_are_masked_wherever_they_stand(string json, string? expected) =>
        Assert.Equal(expected, RenderedFields.Shorten(json, text => text.Replace("s3cret", "***", StringComparison.Ordinal)));

    [Fact]
    public void Long_values_are_cut_after_the_secrets_are_masked_and_all_together_have_a_limit()
    {
        const int Room = RenderedFields.LongestValue;
        var fields = new JsonObject
        {
            ["at_the_cut"] = new string('x', Room - 3) + "s3cret",
            ["fits"] = new string('y', Room),
            ["list"] = new JsonArray([.. Enumerable.Range(0, 2_000).Select(n => JsonValue.Create(n))]),
            ["nearly"] = new string('z', Room - 10),
            ["last"] = new string('w', 100),
            ["none"] = "v",
        };

        var kept = JsonNode.Parse(RenderedFields.Shorten(fields.ToJsonString(), text => text.Replace("s3cret", "***", StringComparison.Ordinal))!)!.AsObject();

        Assert.Equal(new string('x', Room - 3) + "***", (string?)kept["at_the_cut"]);
        Assert.Equal(new string('y', Room), (string?)kept["fits"]);
        Assert.StartsWith("[0,1,2,3", (string?)kept["list"], StringComparison.Ordinal);
        Assert.EndsWith("... (8891 characters)", (string?)kept["list"], StringComparison.Ordinal);
        Assert.Equal(new string('w', 10) + "... (100 characters)", (string?)kept["last"]);
        Assert.Equal("... (1 characters)", (string?)kept["none"]);
    }

    [Fact]
    public async Task An_endless_value_is_not_carried_to_the_worker()
    {
        var outcome = await new Attempts().RunAsync(new CopyOperator { Keys = ["{{ 'x' * 700000 }}", "{{ 'y' * 700000 }}"] });

        Assert.Equal("""{"query":"","keys":"(1400007 characters)","env":{}}""", outcome.Rendered);
    }

    public sealed class Failing : Operator
    {
        [Templated]
        public string Text { get; set; } = "";

        public override ValueTask<object?> ExecuteAsync(TaskContext context, CancellationToken cancellationToken) => throw new TaskFailedException("no");
    }

    public sealed class Salted : Operator
    {
        [Templated]
        public string Text { get; set; } = "";

        [Templated]
        [Secret]
        public string? Salt { get; set; }

        public override ValueTask<object?> ExecuteAsync(TaskContext context, CancellationToken cancellationToken) => ValueTask.FromResult<object?>(null);
    }

    public sealed class Around : Operator
    {
        [Templated]
        public Salted? Inner { get; set; }

        public override ValueTask<object?> ExecuteAsync(TaskContext context, CancellationToken cancellationToken) => ValueTask.FromResult<object?>(null);
    }

    public sealed class Waiting : Sluice.Authoring.Sensors.Sensor
    {
        [Templated]
        public string Text { get; set; } = "";

        public override ValueTask<Sensors.Poke> PokeAsync(TaskContext context, CancellationToken cancellationToken) => ValueTask.FromResult(Sensors.Poke.NotYet);
    }
}
