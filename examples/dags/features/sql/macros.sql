{% macro day_filter(column, start, end) -%}
{{ column }} >= '{{ start | ds }}' AND {{ column }} < '{{ end | ds }}'
{%- endmacro %}
