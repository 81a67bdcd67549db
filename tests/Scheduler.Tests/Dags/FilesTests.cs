using Sluice.Core.Dags;
using Sluice.Scheduler.Dags;
using static Sluice.Scheduler.Tests.SimulatedScheduler;

namespace Sluice.Scheduler.Tests.Dags;

public sealed class FilesTests
{
    private readonly SimulatedScheduler _cluster = new();

    [Fact]
    public void Files_that_went_away_while_nobody_looked_define_nothing_any_more()
    {
        _cluster.Define(Daily("kept"));
        _cluster.Define(Daily("gone"));
        _cluster.TakeOver();
        _cluster.Tell(new FolderListed(new HashSet<string> { "kept.cs" }));

        Assert.Equal((true, false), (_cluster.DagOf(Daily("kept")).Active, _cluster.DagOf(Daily("gone")).Active));
    }

    [Fact]
    public void A_Dag_that_two_files_define_is_a_problem_of_the_second()
    {
        _cluster.Define(Manual(), file: "a.cs");
        _cluster.Define(Manual(), file: "b.cs");
        Assert.Contains("a.cs", Assert.Single(_cluster.ImportErrors()).Message, StringComparison.Ordinal);
        Assert.Equal("a.cs", _cluster.DagOf(Manual()).File);

        _cluster.Tell(new FileGone("b.cs"));
        Assert.Empty(_cluster.ImportErrors());
        Assert.True(_cluster.DagOf(Manual()).Active);
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"Id":"x","Schedule":{"$":"cron","Expression":"bad"},"Tasks":[{"Id":"a","Operator":"E","Upstream":[7]}]}""")]
    public void A_definition_that_is_none_is_a_problem_of_its_file_and_nothing_breaks(string spec)
    {
        _cluster.Define(Manual());
        _cluster.Tell(new FileProcessed(new() { File = "bad.cs", ContentHash = "", Dags = [new(spec, "v")] }));

        Assert.Equal("bad.cs", Assert.Single(_cluster.ImportErrors()).File);
        Assert.Equal("epoch 1, 1 dags, 0 backfills", _cluster.StateOf("scheduler-1"));
    }

    [Fact]
    public void A_file_with_problems_keeps_what_it_defined_before()
    {
        _cluster.Define(Manual());
        _cluster.Tell(new FileProcessed(new() { File = "manual.cs", ContentHash = "", Problems = [new("it does not compile")] }));

        Assert.True(_cluster.DagOf(Manual()).Active);
        Assert.Single(_cluster.ImportErrors());
    }
}
