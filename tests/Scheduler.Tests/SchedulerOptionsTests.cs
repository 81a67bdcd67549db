namespace Sluice.Scheduler.Tests;

public sealed class SchedulerOptionsTests
{
    [Theory]
    [InlineData(15, 30, 40, null)]
    [InlineData(6, 7.1, 8, null)]
    [InlineData(6, 7, 8, "scheduler.fence_after is 7 s; it must be longer than lease_duration (6 s) and a sixth of it, or workers would stop their tasks before a standby can take over.")]
    [InlineData(60, 30, 40, "scheduler.fence_after is 30 s; it must be longer than lease_duration (60 s) and a sixth of it, or workers would stop their tasks before a standby can take over.")]
    [InlineData(15, 30, 30, "scheduler.lost_after is 30 s; it must be longer than fence_after (30 s), or an attempt could run twice at once.")]
    public void Times_that_do_not_fit_together_are_refused_in_one_sentence(double lease, double fence, double lost, string? problem)
    {
        var options = new SchedulerOptions
        {
            DagFolder = "/",
            LeaseDuration = TimeSpan.FromSeconds(lease),
            FenceAfter = TimeSpan.FromSeconds(fence),
            LostAfter = TimeSpan.FromSeconds(lost),
        };

        Assert.Equal(problem is null ? [] : [problem], options.Validate());
    }
}
