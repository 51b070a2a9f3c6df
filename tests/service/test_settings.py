"""Settings: flags over variables over defaults, and every mistake is named."""

import pytest

from service.errors import SettingsError
from service.settings import Settings, load_settings, variable


def test_defaults_hold_without_flags_and_variables() -> None:
    settings = load_settings({}, {"PATH": "/bin"})
    assert settings == Settings()
    assert (settings.host, settings.port, settings.workers) == ("127.0.0.1", 8000, 1)
    assert (settings.max_body_bytes, settings.max_texts) == (1_048_576, 256)
    assert settings.max_text_characters == 20_000


def test_flags_win_over_variables_and_variables_over_defaults() -> None:
    environment = {"GATEHOUSE_PORT": "1", "GATEHOUSE_WORKERS": "2", "GATEHOUSE_LOG_FORMAT": "json"}
    settings = load_settings({"port": "9", "workers": None}, environment)
    assert (settings.port, settings.workers, settings.log_format) == (9, 2, "json")


def test_plain_port_and_host_count_but_ours_win() -> None:
    plain = {"PORT": "81", "HOST": "0.0.0.0"}
    settings = load_settings({}, plain)
    assert (settings.port, settings.host) == (81, "0.0.0.0")
    assert load_settings({}, plain | {"GATEHOUSE_PORT": "82"}).port == 82


def test_an_empty_variable_is_none() -> None:
    assert load_settings({}, {"PORT": "", "GATEHOUSE_THREADS": ""}) == Settings()


def test_booleans_are_read_from_words() -> None:
    assert load_settings({}, {"GATEHOUSE_ACCESS_LOG": "false"}).access_log is False
    assert load_settings({"access_log": True}, {"GATEHOUSE_ACCESS_LOG": "0"}).access_log is True


def test_an_unknown_variable_is_named_with_the_nearest_known_one() -> None:
    with pytest.raises(
        SettingsError, match=r"unknown variable GATEHOUSE_WORKER; did you mean GATEHOUSE_WORKERS\?"
    ):
        load_settings({}, {"GATEHOUSE_WORKER": "2"})
    with pytest.raises(
        SettingsError, match="GATEHOUSE_QQQQQQQQQQQ; known are GATEHOUSE_ACCESS_LOG, "
    ):
        load_settings({}, {"GATEHOUSE_QQQQQQQQQQQ": ""})
    with pytest.raises(
        SettingsError, match="GATEHOUSE_PROT, GATEHOUSE_TREADS; did you mean GATEHOUSE_PORT, "
    ):
        load_settings({}, {"GATEHOUSE_TREADS": "1", "GATEHOUSE_PROT": "2"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("workers", "0"),
        ("workers", "many"),
        ("port", "70000"),
        ("threads", "0"),
        ("log_format", "xml"),
        ("log_level", "loud"),
        ("root_path", "text"),
        ("root_path", "/text/"),
        ("max_texts", "-1"),
        ("max_body_bytes", "1e6"),
    ],
)
def test_a_value_out_of_range_is_named_by_where_it_came_from(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f'^{variable(name)} is "{value}": '):
        load_settings({}, {variable(name): value})
    with pytest.raises(SettingsError, match=f'^--{name.replace("_", "-")} is "{value}": '):
        load_settings({name: value}, {})


def test_every_setting_has_a_description() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []
