using Sluice.Authoring.XComs;
using Sluice.Cluster.Wire;
using Sluice.Cluster.Worker.Workers;
using Sluice.Core.TaskInstances;

namespace Sluice.Worker.Tests.Workers;

/// <summary>Ends of attempts as they are put into messages.</summary>
public sealed class ReportsTests
{
    private readonly Reports _reports = new(TimeProvider.System);

    [Fact]
    public void Large_ends_go_in_several_messages_and_small_ones_in_one()
    {
        for (var n = 1; n <= 5; n++)
        {
            _reports.Add(Report(n, XComJson.MaxLength));
        }

        for (var n = 6; n <= 100; n++)
        {
            _reports.Add(Report(n, 10));
        }

        Assert.Equal("1 2", Ids(_reports.TakeBatch()));
        Assert.Equal("3 4", Ids(_reports.TakeBatch()));
        Assert.Equal(96, _reports.TakeBatch().Count);
        Assert.False(_reports.HasSomethingToSend);
    }

    [Fact]
    public void An_end_that_is_as_large_as_may_be_goes_alone()
    {
        _reports.Add(Report(1, XComJson.MaxTogether));
        _reports.Add(Report(2, XComJson.MaxTogether));

        Assert.Equal("1", Ids(_reports.TakeBatch()));
        Assert.Equal("2", Ids(_reports.TakeBatch()));
    }

    [Fact]
    public void A_registration_takes_what_fits_and_the_others_come_after_it_once()
    {
        for (var n = 1; n <= 5; n++)
        {
            _reports.Add(Report(n, XComJson.MaxLength));
        }

        _reports.TakeBatch(); // sent to a leader that is gone
        var (first, later) = _reports.ForRegistration();

        Assert.Equal("1 2", Ids(first));
        Assert.Equal("3 4 5", string.Join(' ', later.Select(id => id.Task)));
        Assert.Equal("3 4", Ids(_reports.TakeBatch()));
        Assert.Equal("5", Ids(_reports.TakeBatch()));
        Assert.False(_reports.HasSomethingToSend);
        _reports.Acknowledge([new(1, 1, 1), new(1, 2, 1), new(1, 3, 1), new(1, 4, 1)]);
        Assert.Equal(("5", 0), (Ids(_reports.ForRegistration().First), _reports.ForRegistration().Later.Count));
    }

    private static TaskReport Report(int task, int characters) =>
        new(new(1, task, 1), new() { Kind = OutcomeKind.Success, XComs = [new("x", new string('x', characters))] });

    private static string Ids(IReadOnlyList<TaskReport> reports) => string.Join(' ', reports.Select(report => report.Id.Task));
}
