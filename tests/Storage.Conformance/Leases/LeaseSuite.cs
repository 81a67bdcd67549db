namespace Sluice.Storage.Conformance.Leases;

public abstract class LeaseSuite(IEngine engine) : StoreSuite(engine)
{
    [Fact]
    public async Task No_one_holds_a_new_lease() => Assert.Null(await Store.Leases.ReadAsync(None));

    [Fact]
    public async Task A_free_lease_is_taken_with_the_first_epoch()
    {
        var lease = await Store.Leases.TryAcquireAsync("a", "ws://a:1", Minute, None);

        Assert.NotNull(lease);
        Assert.Equal(("a", "ws://a:1", 1L), (lease.Holder, lease.Address, lease.Epoch));
        var read = await Store.Leases.ReadAsync(None);
        Assert.Equal(("a", "ws://a:1", 1L), (read!.Holder, read.Address, read.Epoch));
        Assert.InRange(read.Remaining, TimeSpan.FromSeconds(30), Minute);
    }

    [Fact]
    public async Task A_held_lease_is_refused_to_others()
    {
        await AcquireAsync("a");

        Assert.Null(await Store.Leases.TryAcquireAsync("b", "ws://b:1", Minute, None));
        Assert.Equal("a", (await Store.Leases.ReadAsync(None))!.Holder);
    }

    [Fact]
    public async Task An_expired_lease_goes_to_another_with_the_next_epoch()
    {
        var lease = await AcquireAsync("a");
        await Database.PassAsync(Store, lease);
        Assert.True((await Store.Leases.ReadAsync(None))!.Remaining <= TimeSpan.Zero);

        Assert.Equal(2, (await AcquireAsync("b")).Epoch);
        Assert.False(await Store.Leases.RenewAsync("a", 1, Minute, None));
    }

    [Fact]
    public async Task A_holder_that_comes_back_takes_its_own_lease_with_the_next_epoch()
    {
        await AcquireAsync("a");

        Assert.Equal(2, (await AcquireAsync("a")).Epoch);
        Assert.False(await Store.Leases.RenewAsync("a", 1, Minute, None));
        Assert.True(await Store.Leases.RenewAsync("a", 2, Minute, None));
    }

    [Fact]
    public async Task Renewing_extends_the_lease_and_keeps_the_epoch()
    {
        var lease = await AcquireAsync("a");

        Assert.True(await Store.Leases.RenewAsync("a", lease.Epoch, TimeSpan.FromHours(1), None));

        var read = await Store.Leases.ReadAsync(None);
        Assert.Equal(lease.Epoch, read!.Epoch);
        Assert.True(read.Remaining > TimeSpan.FromMinutes(50));
    }

    [Fact]
    public async Task Only_the_holder_at_its_epoch_renews()
    {
        var lease = await AcquireAsync("a");

        Assert.False(await Store.Leases.RenewAsync("b", lease.Epoch, Minute, None));
        Assert.False(await Store.Leases.RenewAsync("a", lease.Epoch + 1, Minute, None));
    }

    [Fact]
    public async Task A_released_lease_is_free_at_once_and_cannot_be_renewed()
    {
        var lease = await AcquireAsync("a");
        await Store.Leases.ReleaseAsync("a", lease.Epoch, None);

        Assert.True((await Store.Leases.ReadAsync(None))!.Remaining <= TimeSpan.Zero);
        Assert.False(await Store.Leases.RenewAsync("a", lease.Epoch, Minute, None));
        Assert.Equal(2, (await AcquireAsync("b")).Epoch);
    }

    [Fact]
    public async Task Releasing_what_another_holds_has_no_effect()
    {
        var lease = await AcquireAsync("a");

        await Store.Leases.ReleaseAsync("b", lease.Epoch, None);
        await Store.Leases.ReleaseAsync("a", lease.Epoch + 1, None);

        Assert.True((await Store.Leases.ReadAsync(None))!.Remaining > TimeSpan.Zero);
    }

    [Fact]
    public async Task Of_many_that_ask_at_once_one_gets_it()
    {
        var stores = new List<IStore>();
        for (var i = 0; i < 4; i++)
        {
            stores.Add(await Database.OpenAsync());
        }

        var leases = await Task.WhenAll(stores.Select((store, i) => Task.Run(async () => await store.Leases.TryAcquireAsync($"n{i}", "ws://n:1", Minute, None))));

        var winner = Assert.Single(leases, lease => lease is not null);
        Assert.Equal(1, winner!.Epoch);
    }
}
