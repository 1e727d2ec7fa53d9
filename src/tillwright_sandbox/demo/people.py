"""Who the demo's customers are: made-up people and firms of fourteen countries, all under reserved .example domains."""

import random
import unicodedata
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Country:
    """`firms` are patterns around a family name; `places` are (city, state, postal code)."""

    code: str
    currency: str
    first: tuple[str, ...]
    family: tuple[str, ...]
    firms: tuple[str, ...]
    places: tuple[tuple[str, str | None, str], ...]
    streets: tuple[str, ...]
    dial: str
    weight: int


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


COUNTRIES = (
    Country(
        "US", "usd",
        _words("Olivia Liam Emma Noah Ava Ethan Sophia Mason Isabella Lucas Mia Logan Harper Jackson Evelyn Aiden"),
        _words("Johnson Carter Brooks Hayes Bennett Foster Sullivan Reyes Coleman Whitaker Morgan Delgado Nguyen"),
        ("{} & Co.", "{} Labs", "{} Outfitters", "{} Analytics", "{} Roasters", "{} Studio"),
        (("Portland", "OR", "97205"), ("Austin", "TX", "78701"), ("Denver", "CO", "80202"), ("Chicago", "IL", "60607")),
        ("SE Hawthorne Blvd", "Congress Ave", "Larimer St", "W Randolph St"), "+1503555", 30,
    ),
    Country(
        "DE", "eur",
        _words("Lena Jonas Mia Felix Hannah Lukas Sophie Maximilian Clara Paul Johanna Moritz Greta Emil"),
        _words("Hoffmann Schäfer Köhler Brandt Vogel Winkler Lorenz Böhm Jansen Seidel Kühn Albrecht"),
        ("{} Logistik GmbH", "{} Software GmbH", "{} & Söhne KG", "Praxis Dr. {}", "{} Feinkost"),
        (("Berlin", None, "10115"), ("Hamburg", None, "20095"), ("München", None, "80331"), ("Leipzig", None, "04109")),
        ("Torstraße", "Mönckebergstraße", "Sendlinger Straße", "Grimmaische Straße"), "+4930555", 14,
    ),
    Country(
        "GB", "gbp",
        _words("Amelia Oliver Isla George Freya Harry Poppy Alfie Imogen Rory Beatrice Callum"),
        _words("Thornton Ashworth Pemberton Hughes Fletcher Whitfield Barlow Kendrick Lowe Sinclair"),
        ("{} Ltd", "{} & Daughters", "{} Brewing Co", "{} Consulting", "The {} Press"),
        (("London", None, "EC1V 9NR"), ("Manchester", None, "M1 4BT"), ("Bristol", None, "BS1 5TR")),
        ("Old Street", "Oldham Street", "Corn Street"), "+44207946", 14,
    ),
    Country(
        "FR", "eur",
        _words("Camille Hugo Léa Louis Chloé Jules Manon Arthur Inès Théo Élise Bastien"),
        _words("Moreau Lefèvre Garnier Roussel Blanchard Chevalier Perrin Marchand Dupuis Renaud"),
        ("{} et Fils", "Atelier {}", "{} Conseil", "Maison {}"),
        (("Paris", None, "75011"), ("Lyon", None, "69002"), ("Nantes", None, "44000")),
        ("Rue Oberkampf", "Rue Mercière", "Quai de la Fosse"), "+3319900", 9,
    ),
    Country(
        "ES", "eur",
        _words("Lucía Mateo Martina Hugo Carmen Pablo Sofía Álvaro Irene Nicolás"),
        _words("Romero Navarro Iglesias Castillo Vidal Herrero Molina Serrano Campos"),
        ("{} Diseño", "Bodegas {}", "{} Digital", "Talleres {}"),
        (("Madrid", None, "28004"), ("Valencia", None, "46001"), ("Sevilla", None, "41001")),
        ("Calle de Fuencarral", "Carrer de Colón", "Calle Sierpes"), "+3491555", 6,
    ),
    Country(
        "IT", "eur",
        _words("Giulia Leonardo Sofia Alessandro Chiara Matteo Elena Davide Marta Andrea"),
        _words("Ferrari Conti Marini Greco Fontana Caruso Rinaldi Barbieri Colombo"),
        ("{} Caffè", "Studio {}", "{} Tessuti", "Officine {}"),
        (("Milano", None, "20121"), ("Torino", None, "10121"), ("Bologna", None, "40121")),
        ("Via Brera", "Via Garibaldi", "Via Zamboni"), "+3902555", 5,
    ),
    Country(
        "NL", "eur",
        _words("Sanne Daan Lotte Bram Fleur Sem Noor Thijs Eva Joris"),
        _words("Visser Bakker Mulder Dekker Vermeer Kuiper Hendriks Postma"),
        ("{} Fietsen", "{} Advies BV", "{} Bloemen", "{} Media"),
        (("Amsterdam", None, "1016 DK"), ("Utrecht", None, "3511 LX"), ("Rotterdam", None, "3011 BN")),
        ("Prinsengracht", "Oudegracht", "Coolsingel"), "+3120555", 5,
    ),
    Country(
        "CA", "cad",
        _words("Charlotte Benjamin Zoé William Maya Owen Florence Samuel Anika Gabriel"),
        _words("Tremblay MacLeod Gagnon Fraser Bouchard Singh Campbell Leblanc"),
        ("{} Outdoor", "{} Health", "{} & Associés", "{} Maps"),
        (("Toronto", "ON", "M5V 2T6"), ("Montréal", "QC", "H2X 1Y4"), ("Vancouver", "BC", "V6B 1A1")),
        ("Queen St W", "Rue Sherbrooke", "Water St"), "+1416555", 6,
    ),
    Country(
        "AU", "aud",
        _words("Matilda Jack Ruby Angus Zara Lachlan Ivy Cooper"),
        _words("Wilson Gallagher Doyle Mackenzie Burke Tran Connolly"),
        ("{} Surf Co", "{} Winery", "{} Physio", "{} Creative"),
        (("Melbourne", "VIC", "3000"), ("Sydney", "NSW", "2010"), ("Hobart", "TAS", "7000")),
        ("Flinders Lane", "Crown Street", "Salamanca Place"), "+6135550", 4,
    ),
    Country(
        "JP", "jpy",
        _words("Yui Haruto Sakura Ren Aoi Sota Hina Yuto"),
        _words("Tanaka Kobayashi Nakamura Yoshida Yamamoto Matsuda Inoue"),
        ("{} Shoten", "{} Design Office", "{} Koubou", "{} Systems KK"),
        (("Tokyo", None, "150-0001"), ("Osaka", None, "530-0001"), ("Kyoto", None, "604-8005")),
        ("Jingumae", "Umeda", "Kawaramachi-dori"), "+81355501", 3,
    ),
    Country(
        "SE", "eur",
        _words("Elsa Oskar Astrid Viktor Ebba Nils Linnea Axel"),
        _words("Lindqvist Bergström Nyberg Sandberg Holm Ekström"),
        ("{} Form AB", "{} Bygg", "{} Kaffe"),
        (("Stockholm", None, "111 22"), ("Göteborg", None, "411 03")),
        ("Drottninggatan", "Avenyn"), "+4685550", 3,
    ),
    Country(
        "PL", "eur",
        _words("Zofia Jakub Maja Szymon Hanna Kacper"),
        _words("Wójcik Zieliński Mazur Pawlak Dąbrowska"),
        ("{} Meble", "{} Software", "Kancelaria {}"),
        (("Kraków", None, "31-042"), ("Warszawa", None, "00-020")),
        ("Grodzka", "Chmielna"), "+4822555", 3,
    ),
    Country(
        "BR", "usd",
        _words("Beatriz Rafael Larissa Thiago Helena Caio"),
        _words("Oliveira Cardoso Teixeira Moraes Figueiredo"),
        ("{} Café", "{} Tecnologia", "{} Arquitetura"),
        (("São Paulo", "SP", "01310-100"), ("Curitiba", "PR", "80020-300")),
        ("Avenida Paulista", "Rua XV de Novembro"), "+5511555", 3,
    ),
    Country(
        "IN", "usd",
        _words("Aarav Diya Vihaan Ananya Kabir Meera"),
        _words("Sharma Iyer Kulkarni Mehta Banerjee Reddy"),
        ("{} Textiles", "{} Infotech", "{} Spices"),
        (("Bengaluru", "KA", "560001"), ("Pune", "MH", "411001")),
        ("MG Road", "FC Road"), "+9180555", 3,
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Person:
    """A customer to be: parameters for Stripe's create, and the currency they pay in."""

    params: dict[str, Any]
    currency: str
    country: str


def invent(dice: random.Random, number: int) -> Person:
    """One more customer; `number` keeps e-mail addresses apart."""
    country = dice.choices(COUNTRIES, [one.weight for one in COUNTRIES])[0]
    first, family = dice.choice(country.first), dice.choice(country.family)
    is_firm = dice.random() < 0.55
    firm = dice.choice(country.firms).format(family)
    city, state, code = dice.choice(country.places)
    address = {
        "line1": f"{dice.randint(1, 240)} {dice.choice(country.streets)}",
        "city": city,
        "postal_code": code,
        "country": country.code,
        **({"state": state} if state else {}),
    }
    name = firm if is_firm else f"{first} {family}"
    domain = f"{_ascii(firm if is_firm else family)}.example"
    params: dict[str, Any] = {
        "name": name,
        "email": f"{_ascii(first)}.{_ascii(family)}.{number}@{domain}",
        "phone": f"{country.dial}{dice.randint(1000, 9999)}",
        "address": address,
        "description": f"{first} {family}, {name}" if is_firm else name,
        "metadata": {"source": dice.choice(["website", "referral", "conference", "podcast", "partner"])},
    }
    if dice.random() < 0.4:
        params["preferred_locales"] = [country.code.lower() if country.code in ("DE", "FR", "ES", "IT", "NL") else "en"]
    return Person(params, country.currency, country.code)


def _ascii(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.replace("ß", "ss").replace("ł", "l")).encode("ascii", "ignore").decode()
    return "-".join("".join(c if c.isalnum() else " " for c in plain.lower()).split())
