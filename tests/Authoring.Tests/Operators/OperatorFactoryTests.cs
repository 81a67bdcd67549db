using Sluice.Authoring.Operators;
using Sluice.Authoring.Sensors;
using Sluice.Authoring.Tests.Dags;
using Sluice.Core.Dags;

namespace Sluice.Authoring.Tests.Operators;

public sealed class OperatorFactoryTests
{
    private readonly OperatorFactory _factory = new(Definitions.Catalog);

    [Fact]
    public void An_operator_comes_back_as_it_was_written()
    {
        var dag = Definitions.Define(dag =>
        {
            dag.Add("copy", new CopyOperator { Query = "ü {{ ds }}", Keys = ["a", "b"], Env = new Dictionary<string, string> { ["X_Y"] = "z" }, Mode = CopyMode.FullRefresh, Limit = 3 });
            dag.Add("wait", new DoorSensor { Door = "d", Mode = SensorMode.Async, Timeout = TimeSpan.FromHours(1) });
        });

        var copy = Assert.IsType<CopyOperator>(_factory.Create(dag.Spec.Tasks[0]));
        var wait = Assert.IsType<DoorSensor>(_factory.Create(dag.Spec.Tasks[1]));

        Assert.Equal(("ü {{ ds }}", CopyMode.FullRefresh, 3, TimeSpan.FromSeconds(5)), (copy.Query, copy.Mode, copy.Limit!.Value, copy.Gap));
        Assert.Equal(["a", "b"], copy.Keys);
        Assert.Equal("z", copy.Env["X_Y"]);
        Assert.Equal(("d", SensorMode.Async, TimeSpan.FromHours(1)), (wait.Door, wait.Mode, wait.Timeout));
    }

    [Theory]
    [InlineData("""{"quer":"x"}""", "has no argument 'quer'; it knows: query, keys, env, mode, gap, limit.")]
    [InlineData("""{"mode":"sideways"}""", "use one of append, full_refresh")]
    [InlineData("""{"gap":"soon"}""", "use a duration such as 30s")]
    [InlineData("""{"limit":"many"}""", "use a number")]
    [InlineData("""{"keys":"a"}""", "use a list")]
    [InlineData("[]", "are not a JSON object")]
    public void A_wrong_argument_is_named_with_what_would_be_right(string arguments, string words)
    {
        var error = Assert.Throws<OperatorArgumentException>(() => _factory.Create("CopyOperator", arguments));

        Assert.Contains(words, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_operator_lists_the_known_ones()
    {
        var error = Assert.Throws<UnknownOperatorException>(() => _factory.Create("CopieOperator", "{}"));

        Assert.Equal("There is no operator 'CopieOperator'; known: CopyOperator, DoorSensor.", error.Message);
    }

    [Theory]
    [InlineData("90s", 90)]
    [InlineData("1h30m", 5400)]
    [InlineData("1.5m", 90)]
    [InlineData("2d", 172_800)]
    [InlineData("00:05:00", 300)]
    public void Durations_are_read_as_people_write_them(string text, int seconds)
    {
        Assert.True(Duration.TryParse(text, out var duration));
        Assert.Equal(TimeSpan.FromSeconds(seconds), duration);
    }

    [Theory]
    [InlineData("")]
    [InlineData("5")]
    [InlineData("m")]
    [InlineData("5 minutes")]
    [InlineData("1m1h")]
    [InlineData("999999999d")]
    public void What_is_no_duration_is_refused(string text) => Assert.False(Duration.TryParse(text, out _));
}
