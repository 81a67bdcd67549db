{% from 'sql/macros.sql' import day_filter -%}
{% include 'sql/header.sql' %}
cat <<'SQL'
{%- for table in params.tables %}
SELECT '{{ table }}' AS name, count(*) FROM {{ table }} WHERE {{ day_filter('created_at', data_interval_start, data_interval_end) }}
{{- " UNION ALL" if not loop.last }}
{%- endfor %}
SQL
