using Sluice.Core.Dags;

namespace Sluice.Core.Tests.Dags;

public sealed class TaskRenamesTests
{
    private static readonly DagSpec Load = new()
    {
        Id = new("load"), Tasks = [new() { Id = new("fetch"), Operator = "Code" }, new() { Id = new("fetch_all"), Operator = "Code", Upstream = [0] }],
    };

    [Fact]
    public void A_version_under_other_names_keeps_its_order_and_the_ids_in_its_code()
    {
        var named = Apply(Load, "fetch", "download")!;

        Assert.Equal([("download", "fetch"), ("fetch_all", "fetch_all")], named.Tasks.Select(task => (task.Id.Value, TaskRenames.CodeIdOf(task).Value)));
        Assert.Equal([0], named.Tasks[1].Upstream);
        Assert.NotEqual(DagVersion.Of(Load), DagVersion.Of(named));
        Assert.NotEqual(DagVersion.Of(Apply(Load, "fetch_all", "download")!), DagVersion.Of(named));
        Assert.Equal(DagSpecJson.Serialize(named), DagSpecJson.Serialize(DagSpecJson.Deserialize(DagSpecJson.Serialize(named))));

        // Again, and back.
        Assert.Equal("fetch", TaskRenames.CodeIdOf(Apply(named, "download", "get")!.Tasks[0]).Value);
        Assert.Equal(DagVersion.Of(Load), DagVersion.Of(Apply(Apply(named, "download", "get")!, "get", "fetch")!));
        Assert.Null(Apply(Load, "none", "download"));
    }

    [Fact]
    public void What_a_task_was_makes_no_version()
    {
        var declared = Load with { Tasks = [Load.Tasks[0] with { RenamedFrom = new("get") }, Load.Tasks[1]] };
        Assert.Equal(DagVersion.Of(Load), DagVersion.Of(declared));
        Assert.Equal(new Dictionary<TaskId, TaskId> { [new("get")] = new("fetch") }, TaskRenames.DeclaredBy(declared));
    }

    [Theory]
    [InlineData("download", "download", "fetch")]
    [InlineData("download[3]", "download[3]", "fetch[3]")]
    [InlineData("fetch[3]", "download[3]", "fetch[3]")]
    [InlineData("fetch_all", null, null)]
    [InlineData("down", null, null)]
    public void Instances_are_found_by_either_name(string name, string? now, string? inCode)
    {
        var task = Apply(Load, "fetch", "download")!.Tasks[0];
        Assert.Equal(now is not null, TaskRenames.IsNamed(task, name));
        if (now is not null)
        {
            Assert.Equal((now, inCode), (TaskRenames.NameNow(task, name), TaskRenames.NameInCode(task, name)));
        }
    }

    private static DagSpec? Apply(DagSpec dag, string from, string to) => TaskRenames.Apply(dag, new Dictionary<TaskId, TaskId> { [new(from)] = new(to) });
}
