using System.IO.Compression;
using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Cluster.Seed;
using Sluice.Cluster.Seed.Web;
using Sluice.Cluster.Transport;

namespace Sluice.Web.Tests.Serving;

/// <summary>The pages as a browser is handed them.</summary>
public sealed class WebPagesTests
{
    [Fact]
    public async Task Pages_need_no_token_load_nothing_of_others_and_are_cached_by_what_they_hold()
    {
        await using var seed = await SeedNode.StartAsync(new SeedOptions { Listen = "127.0.0.1:0", Secret = "secret" }, NullLoggerFactory.Instance);
        using var http = new HttpClient { BaseAddress = new Uri($"http://{seed.Address}") };

        foreach (var address in (string[])["/", "/dags/etl", "/dags/a.b/runs/manual__2021-02-05T00:00:00.5+00:00/tasks/load%5B3%5D"])
        {
            using var page = await http.GetAsync(address);
            Assert.Equal(HttpStatusCode.OK, page.StatusCode);
            Assert.Equal("text/html; charset=utf-8", page.Content.Headers.ContentType!.ToString());
            Assert.True(page.Headers.CacheControl!.NoCache);
            Assert.Contains("default-src 'none'", page.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
            Assert.Equal(("nosniff", "no-referrer"), (page.Headers.GetValues("X-Content-Type-Options").Single(), page.Headers.GetValues("Referrer-Policy").Single()));
        }

        var html = await http.GetStringAsync("/");
        Assert.DoesNotContain("http://", html, StringComparison.Ordinal);
        Assert.DoesNotContain("https://", html, StringComparison.Ordinal);
        var script = html.Split('"').Single(part => part.EndsWith(".js", StringComparison.Ordinal));
        using var plain = await http.GetAsync(script);
        Assert.Equal("public, max-age=31536000, immutable", plain.Headers.CacheControl!.ToString());
        using var ask = new HttpRequestMessage(HttpMethod.Get, script) { Headers = { { "Accept-Encoding", "br, gzip" } } };
        using var zipped = await http.SendAsync(ask);
        Assert.Equal("gzip", zipped.Content.Headers.ContentEncoding.Single());
        await using var unzipped = new GZipStream(await zipped.Content.ReadAsStreamAsync(), CompressionMode.Decompress);
        using var reader = new StreamReader(unzipped);
        Assert.Equal(await plain.Content.ReadAsStringAsync(), await reader.ReadToEndAsync());

        foreach (var address in (string[])["/nosuch", "/assets/nosuch.js", "/assets/../../etc/passwd", "/index.html/x"])
        {
            Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync(address)).StatusCode);
        }

        Assert.Equal(HttpStatusCode.Unauthorized, (await http.GetAsync("/api/v1/nodes")).StatusCode);
    }

    [Fact]
    public async Task A_build_without_npm_says_so_where_the_pages_would_be()
    {
        await using var server = await ClusterServer.StartAsync(
            "127.0.0.1:0", NullLoggerFactory.Instance, configure: app => WebPages.Map(app, WebPages.Read(typeof(WebPagesTests).Assembly)));
        using var http = new HttpClient { BaseAddress = new Uri($"http://{server.Address}") };

        using var page = await http.GetAsync("/");

        Assert.Equal(HttpStatusCode.NotFound, page.StatusCode);
        Assert.Contains("built without its web pages", await page.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }
}
