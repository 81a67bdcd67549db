using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Sluice.Authoring.Operators;
using Sluice.Authoring.Sensors;
using Sluice.Providers.Http.Operators;
using Sluice.Providers.Http.Sensors;

namespace Sluice.Providers.Tests.Http;

public sealed class HttpTests : IAsyncLifetime
{
    private readonly WebApplication _app;
    private readonly TaskRun _run = new();
    private int _asked;

    public HttpTests()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        _app = builder.Build();
        _app.MapPost("/api/echo", async (HttpRequest request) => Results.Json(new
        {
            body = await new StreamReader(request.Body).ReadToEndAsync(), authorization = request.Headers.Authorization.ToString(), key = request.Headers["Idempotency-Key"].ToString(), type = request.ContentType,
        }));
        _app.MapGet("/api/text", () => "done");
        _app.MapGet("/api/bad", () => Results.BadRequest("no such thing"));
        _app.MapGet("/api/busy", () => Results.StatusCode(503));
        _app.MapGet("/api/large", () => new string('x', 2_000_000));
        _app.MapGet("/api/later", () => Interlocked.Increment(ref _asked) switch { 1 => Results.NotFound(), 2 => Results.Text("running"), _ => Results.Text("state: done") });
    }

    public async Task InitializeAsync()
    {
        await _app.StartAsync();
        var address = new Uri(_app.Urls.First());
        _run.With("api", $"http://ann:secret@127.0.0.1:{address.Port}/api");
        _run.With("token", $"http://127.0.0.1:{address.Port}/api?token=abc");
    }

    public async Task DisposeAsync() => await _app.DisposeAsync();

    [Fact]
    public async Task A_request_goes_with_the_connections_login_and_its_answer_is_returned()
    {
        var answer = (JsonElement)(await _run.ExecuteAsync(new HttpOperator { HttpConnectionId = "api", Endpoint = "echo", Data = "{\"a\": 1}" }))!;

        Assert.Equal("{\"a\": 1}", answer.GetProperty("body").GetString());
        Assert.Equal("Basic YW5uOnNlY3JldA==", answer.GetProperty("authorization").GetString());
        Assert.Equal("dag/manual__1/task/-1/1", answer.GetProperty("key").GetString());
        Assert.StartsWith("application/json", answer.GetProperty("type").GetString(), StringComparison.Ordinal);
        answer = (JsonElement)(await _run.ExecuteAsync(new HttpOperator { HttpConnectionId = "token", Endpoint = "/echo", Data = "a=1", Headers = new() { ["Content-Type"] = "application/x-www-form-urlencoded" } }))!;
        Assert.Equal("Bearer abc", answer.GetProperty("authorization").GetString());
        Assert.Equal("application/x-www-form-urlencoded", answer.GetProperty("type").GetString());
        Assert.Equal("done", await _run.ExecuteAsync(new HttpOperator { Endpoint = _app.Urls.First() + "/api/text", Method = "get" }));
    }

    [Theory]
    [InlineData("bad", typeof(TaskFailedException), "answered 400: \"no such thing\"")]
    [InlineData("none", typeof(TaskFailedException), "answered 404")]
    [InlineData("busy", typeof(TaskErrorException), "answered 503")]
    [InlineData("large", typeof(TaskFailedException), "more than 1048576 characters")]
    [InlineData("text", typeof(TaskErrorException), "answered without 'ready': done")]
    [InlineData("http://elsewhere/", typeof(TaskFailedException), "with a connection it is a path")]
    public async Task What_goes_wrong_is_told_and_tried_again_only_where_that_helps(string endpoint, Type exception, string told)
    {
        var e = await Assert.ThrowsAsync(exception, () => _run.ExecuteAsync(new HttpOperator { HttpConnectionId = "api", Endpoint = endpoint, Method = "GET", ResponseContains = "ready" }));

        Assert.Contains(told, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_service_that_is_not_there_is_an_error_to_try_again() =>
        Assert.Contains(
            "GET http://127.0.0.1:1/x could not be asked",
            (await Assert.ThrowsAsync<TaskErrorException>(() => _run.ExecuteAsync(new HttpOperator { Endpoint = "http://127.0.0.1:1/x?token=secret", Method = "GET" }))).Message,
            StringComparison.Ordinal);

    [Fact]
    public async Task A_sensor_waits_through_404_and_other_texts()
    {
        var sensor = new HttpSensor { HttpConnectionId = "api", Endpoint = "later", ResponseContains = "done" };

        Assert.Equal([Poke.NotYet, Poke.NotYet, Poke.Done], [await _run.PokeAsync(sensor), await _run.PokeAsync(sensor), await _run.PokeAsync(sensor)]);
        await Assert.ThrowsAsync<TaskErrorException>(() => _run.PokeAsync(new HttpSensor { HttpConnectionId = "api", Endpoint = "busy" }));
    }

    [Theory]
    [InlineData("SELECT 1, 'a', 2.5", null)]
    [InlineData("SELECT 1, 0", "(1, 0)")]
    [InlineData("SELECT NULL", "(NULL)")]
    [InlineData("SELECT 1 WHERE 1 = 0", "no row")]
    public async Task Checks_look_at_every_cell(string sql, string? told)
    {
        using var folder = new TestFolder();
        _run.With("db", folder.SqliteUri("c.db"));
        var check = new SqlCheckOperator { Sql = sql, ConnectionId = "db" };
        if (told is null)
        {
            await _run.ExecuteAsync(check);
        }
        else
        {
            Assert.Contains(told, (await Assert.ThrowsAsync<TaskErrorException>(() => _run.ExecuteAsync(check))).Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("SELECT 100, 100.0", "100", 0, true)]
    [InlineData("SELECT 95", "100", 0.05, true)]
    [InlineData("SELECT 94", "100", 0.05, false)]
    [InlineData("SELECT -94", "-100", 0.1, true)]
    [InlineData("SELECT 'x'", "x", 0, true)]
    [InlineData("SELECT 'x'", "y", 0.5, false)]
    [InlineData("SELECT NULL", "100", 0.5, false)]
    public async Task Value_checks_compare_within_a_tolerance(string sql, string value, double tolerance, bool passes)
    {
        using var folder = new TestFolder();
        _run.With("db", folder.SqliteUri("c.db"));
        var check = new SqlValueCheckOperator { Sql = sql, ConnectionId = "db", PassValue = value, Tolerance = tolerance };

        Assert.Equal(passes, await Record.ExceptionAsync(() => _run.ExecuteAsync(check)) is not TaskErrorException);
    }
}
