using System.Text;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;
using Sluice.Authoring.Rows;
using Sluice.Providers.Tests.MySql;

namespace Sluice.Providers.Tests.Extraction;

public sealed class ColumnPolicyTests
{
    private static readonly SqlColumn[] Customers =
    [
        new("id", "bigint", SqlColumnKind.Integer),
        new("mail", "text", SqlColumnKind.Text),
        new("total", "numeric", SqlColumnKind.Decimal),
    ];

    private static readonly QueryText Query = new(
        "SELECT v.*, price * amount AS total FROM v JOIN orders USING (id)",
        new([new("id", [new("shop", "customers", "id")], false), new("mail", [new("shop", "customers", "email")], false), new("total", [], true)], ""));

    [Theory]
    [InlineData("hash", "kim@example.com", null)]
    [InlineData("partial", "010-1234-5678", "*********5678")]
    [InlineData("partial:2", "김철수입니다", "****니다")]
    [InlineData("partial:4", "abc", "***")]
    [InlineData("partial", "", "")]
    [InlineData("null", "x", null)]
    public void Masks(string mask, string value, string? expected)
    {
        var rows = Write(new() { Mask = new Dictionary<string, string> { ["MAIL"] = mask }, Salt = "pepper" }, ["1", value, "2"]);

        var masked = Assert.Single(rows.Rows)[1];
        if (mask == "hash")
        {
            Assert.Equal(Convert.ToHexStringLower(System.Security.Cryptography.HMACSHA256.HashData("pepper"u8, Encoding.UTF8.GetBytes(value))), masked);
        }
        else
        {
            Assert.Equal(expected, masked);
        }
    }

    [Fact]
    public void A_null_stays_null_and_an_excluded_column_is_gone()
    {
        var rows = Write(new() { Mask = new Dictionary<string, string> { ["mail"] = "hash" }, Salt = "s", Exclude = ["total"] }, ["1", null, "2"]);

        Assert.Equal(["id", "mail"], rows.Columns.Select(c => c.Name));
        Assert.Equal([["1", null]], rows.Rows);
    }

    [Fact]
    public void A_masked_number_is_text() =>
        Assert.Equal(SqlColumnKind.Text, Write(new() { Mask = new Dictionary<string, string> { ["id"] = "hash" }, Salt = "s" }, ["1", "a", "2"]).Columns[0].Kind);

    [Theory]
    [InlineData("email", "mail (customers.email)")]
    [InlineData("mail", "mail (customers.email)")]
    [InlineData("Customers.Email", "mail (customers.email)")]
    [InlineData("shop.customers.email", "mail (customers.email)")]
    [InlineData("customers.*", "id (customers.id), mail (customers.email)")]
    [InlineData("anything.total", "total")] // computed: nobody knows what it is made of
    public void A_personal_column_does_not_leave_as_it_is(string tag, string named)
    {
        var e = Assert.Throws<TaskFailedException>(() => Write(new() { Personal = [tag] }, ["1", "a", "2"]));

        Assert.Contains(named, e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("orders.email")]
    [InlineData("phone")]
    public void Other_columns_do(string tag) => Assert.Single(Write(new() { Personal = [tag] }, ["1", "a", "2"]).Rows);

    [Theory]
    [InlineData("orders.*")]
    [InlineData("price")]
    [InlineData("shop.orders.amount")]
    public void A_computed_column_does_not_where_the_query_mentions_a_tagged_one_unless_the_author_vouches_for_it(string tag)
    {
        var e = Assert.Throws<TaskFailedException>(() => Write(new() { Personal = [tag] }, ["1", "a", "2"]));

        Assert.Contains("where total of the extract comes from", e.Message, StringComparison.Ordinal);
        Assert.Single(Write(new() { Personal = [tag], NotPersonal = ["total"] }, ["1", "a", "2"]).Rows);
        Assert.Single(Write(new() { Personal = [tag], Exclude = ["total"] }, ["1", "a", "2"]).Rows);
        Assert.Throws<TaskFailedException>(() => Write(new() { Personal = ["email"], NotPersonal = ["mail"] }, ["1", "a", "2"]));
    }

    [Fact]
    public void A_personal_column_leaves_masked_or_not_at_all()
    {
        Assert.Single(Write(new() { Personal = ["email"], Mask = new Dictionary<string, string> { ["mail"] = "null" } }, ["1", "a", "2"]).Rows);
        Assert.Single(Write(new() { Personal = ["email"], Exclude = ["mail"] }, ["1", "a", "2"]).Rows);
    }

    [Theory]
    [InlineData("emial", "hash", "s", "no such column")]
    [InlineData("mail", "hash", "", "without a salt")]
    [InlineData("mail", "rot13", "s", "cannot be masked by 'rot13'")]
    [InlineData("mail", "partial:0", "s", "partial:0")]
    public void What_cannot_be_meant_is_refused_before_a_row_is_written(string column, string mask, string salt, string told) =>
        Assert.Contains(
            told,
            Assert.Throws<TaskFailedException>(() => Write(new() { Mask = new Dictionary<string, string> { [column] = mask }, Salt = salt }, ["1", "a", "2"])).Message,
            StringComparison.Ordinal);

    private static RowList Write(ColumnPolicy policy, string?[] row)
    {
        var rows = new RowList();
        var sink = new PolicySink(rows, policy, Query);
        sink.Begin(Customers);
        foreach (var value in row)
        {
            if (value is null)
            {
                sink.WriteNull();
            }
            else
            {
                sink.WriteValue(Encoding.UTF8.GetBytes(value));
            }
        }

        sink.EndRow();
        return rows;
    }
}
